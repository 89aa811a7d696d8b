package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/telemetry"
)

// HandlerConfig is what the HTTP surface works with.
type HandlerConfig struct {
	Broker *Broker
	// Key gives the caller of an API key of ours: registry.Keyring.Authenticate.
	Key func(presented string) (access.Caller, error)
	// Token gives the caller of an access token. Any error but one that is Unavailable means that it is not valid. Nil
	// takes none.
	Token func(ctx context.Context, token string) (access.Caller, error)
	// URL is what discovery names as the broker's address.
	URL string
	// Log gets what is told to nobody else: the cause of a 500. Nil means none.
	Log *slog.Logger
}

// Prefixes are the paths under which the surface stands: the current one and the older alias.
func Prefixes() []string { return []string{"/pipeline", "/v1"} }

// maxInFlight bounds the bytes of the requests that are being taken in, and maxStreams how many consumers there are.
const (
	maxInFlight = 64 << 20
	maxStreams  = 5_000
)

type handler struct {
	HandlerConfig
	mux *http.ServeMux
}

// NewHandler makes the handler of /pipeline/… and /v1/….
func NewHandler(config HandlerConfig) (http.Handler, error) {
	if config.Broker == nil || config.Key == nil {
		return nil, errors.New("pipeline: Broker and Key are needed")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	h := &handler{config, http.NewServeMux()}
	for _, prefix := range Prefixes() {
		h.route("POST "+prefix+"/topics/{topic}/messages", h.produce)
		h.route("GET "+prefix+"/topics/{topic}/messages", h.consume)
		h.route("POST "+prefix+"/consumers/{group}/sync", h.sync)
		h.route("GET "+prefix+"/endpoints", h.endpoints)
	}
	return h, nil
}

// ServeHTTP finds the route. A path with a slash at its end is the same path.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if path := strings.TrimRight(r.URL.Path, "/"); path != r.URL.Path {
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = path, strings.TrimRight(r.URL.RawPath, "/")
	}
	if _, pattern := h.mux.Handler(r); pattern == "" {
		other := map[string]string{http.MethodGet: http.MethodPost, http.MethodPost: http.MethodGet}[r.Method]
		probe := &http.Request{Method: other, URL: r.URL, Host: r.Host}
		if _, pattern := h.mux.Handler(probe); other != "" && pattern != "" {
			header.Set("Allow", other)
			fail(w, r, failure{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "Use " + other + " here."})
			return
		}
		fail(w, r, failure{status: http.StatusNotFound, code: "no_route", message: "There is no such path: /pipeline/topics/{topic}/messages, /pipeline/consumers/{group}/sync and /pipeline/endpoints are there."})
		return
	}
	h.mux.ServeHTTP(w, r)
}

// route serves a path whose handler needs a caller.
func (h *handler) route(pattern string, do func(http.ResponseWriter, *http.Request, access.Caller) error) {
	h.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(fault)
			}
			h.Log.ErrorContext(r.Context(), "a handler panicked", slog.String("path", r.URL.Path), slog.String("stack", string(debug.Stack())))
			fail(w, r, internal)
		}()
		caller, err := h.authenticate(r.Context(), r)
		if err == nil {
			err = do(w, r, caller)
		}
		if err != nil {
			fail(w, r, h.failure(r.Context(), err))
		}
	})
}

// keyMark begins every API key of ours.
const keyMark = "lk_"

func (h *handler) authenticate(ctx context.Context, r *http.Request) (access.Caller, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return access.Caller{}, &failure{status: http.StatusUnauthorized, code: "token_missing", message: "Send Authorization: Bearer with an access token or an API key."}
	}
	if strings.HasPrefix(token, keyMark) {
		caller, err := h.Key(token)
		if err != nil {
			return caller, &failure{status: http.StatusUnauthorized, code: "key_invalid", message: "The API key is not valid."}
		}
		return caller, nil
	}
	if h.Token == nil {
		return access.Caller{}, invalidToken(errors.New("no access tokens are taken here"))
	}
	caller, err := h.Token(ctx, token)
	if err != nil && !away(err) {
		return caller, invalidToken(err)
	}
	return caller, err
}

func invalidToken(err error) *failure {
	return &failure{status: http.StatusUnauthorized, code: "token_invalid", message: "The access token is not accepted: " + err.Error() + "."}
}

func (h *handler) produce(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	if err := caller.Require(access.PipelineProduce); err != nil {
		return err
	}
	size := r.ContentLength
	if size < 0 || size > MaxRequest {
		size = MaxRequest
	}
	b := h.Broker
	if b.inFlight.Add(size) > maxInFlight {
		b.inFlight.Add(-size)
		b.meters.refuse("busy")
		return &failure{status: http.StatusTooManyRequests, code: "busy", message: "More is being taken in than fits into memory; send this again.", retry: 1}
	}
	defer b.inFlight.Add(-size)
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	messages, err := ReadMessages(body)
	if err != nil {
		return err
	}
	placed, err := b.Produce(r.Context(), caller, r.PathValue("topic"), messages)
	if err != nil {
		return err
	}
	out := append(make([]byte, 0, 64+32*len(placed)), `{"accepted":`...)
	duplicates := 0
	for _, p := range placed {
		if p.Duplicate {
			duplicates++
		}
	}
	out = strconv.AppendInt(out, int64(len(placed)-duplicates), 10)
	out = append(out, `,"duplicates":`...)
	out = strconv.AppendInt(out, int64(duplicates), 10)
	out = append(out, `,"positions":[`...)
	for i, p := range placed {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"partition":`...)
		out = strconv.AppendInt(out, int64(p.Partition), 10)
		out = append(out, `,"offset":`...)
		out = strconv.AppendInt(out, p.Offset, 10)
		if p.Duplicate {
			out = append(out, `,"duplicate":true`...)
		}
		out = append(out, '}')
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(append(out, ']', '}', '\n'))
	if err != nil {
		panic(http.ErrAbortHandler) // the producer is gone
	}
	return nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, MaxRequest)
	var body []byte
	var err error
	if n := r.ContentLength; n > 0 && n <= MaxRequest {
		body = make([]byte, n)
		_, err = io.ReadFull(limited, body)
	} else {
		body, err = io.ReadAll(limited)
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, &TooLargeError{What: "the request", Limit: MaxRequest}
	}
	if err != nil {
		return nil, &failure{status: http.StatusBadRequest, code: "body_incomplete", message: "The body ended before it was complete."}
	}
	return body, nil
}

func (h *handler) sync(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxMarker+1))
	if err != nil {
		return &failure{status: http.StatusBadRequest, code: "body_incomplete", message: "The body ended before it was complete."}
	}
	if err := h.Broker.Sync(r.Context(), caller, r.PathValue("group"), string(text)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// endpoints is discovery. The vendor's answer is not public: this form is ours.
func (h *handler) endpoints(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	address := h.URL
	if address == "" {
		scheme := "http"
		if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
			scheme = "https"
		}
		address = (&url.URL{Scheme: scheme, Host: r.Host}).String()
	}
	w.Header().Set("Content-Type", "application/json")
	_, err := fmt.Fprintf(w, `{"endpoints":[{"url":%q,"location":"default"}]}`+"\n", address)
	return err
}

func (h *handler) consume(w http.ResponseWriter, r *http.Request, caller access.Caller) error {
	ask, err := readAsk(r)
	if err != nil {
		return err
	}
	if h.Broker.streams.Load() >= maxStreams {
		return &failure{status: http.StatusTooManyRequests, code: "too_many_streams", message: "There are as many consumers as this server takes.", retry: 30}
	}
	begun := false
	err = h.Broker.Serve(r.Context(), caller, ask, func(ctx context.Context) error {
		caller, err := h.authenticate(ctx, r)
		if err == nil {
			err = caller.Require(access.PipelineConsume)
		}
		if away(err) { // who can't be asked is believed until they can
			return nil
		}
		return err
	}, func() Sink {
		begun = true
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{}) // a stream has no end that the listener's limits know
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Accel-Buffering", "no")
		w.WriteHeader(http.StatusOK)
		return &response{w, control, h.Broker.config.Slow}
	})
	if begun {
		if err != nil {
			h.Log.InfoContext(r.Context(), "a consumer's stream ended", "topic", ask.Topic, "group", ask.Group, "why", err, "request_id", telemetry.RequestID(r.Context()))
		}
		return nil
	}
	return err
}

// response is a stream's sink: what can't be written for long cuts it off.
type response struct {
	w       http.ResponseWriter
	control *http.ResponseController
	slow    time.Duration
}

func (s *response) Write(p []byte) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.slow))
	if _, err := s.w.Write(p); err != nil {
		return err
	}
	return s.control.Flush()
}

func readAsk(r *http.Request) (Ask, error) {
	query := r.URL.Query()
	ask := Ask{Topic: r.PathValue("topic"), Group: query.Get("group"), Reset: query.Get("reset"), Organizations: words(query["org"]), Sources: words(query["source"])}
	if ask.Group == "" {
		return ask, &InvalidError{"/group", "the consumer group is missing", "name it: ?group=…"}
	}
	for name, set := range map[string]func(int){
		"syncInterval": func(n int) { ask.SyncInterval = time.Duration(n) * time.Millisecond },
		"syncMessages": func(n int) { ask.SyncMessages = n },
	} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 86_400_000 {
			return ask, &InvalidError{"/" + name, fmt.Sprintf("%s is %.32q", name, text), "write a whole number"}
		}
		set(n)
	}
	return ask, nil
}

// words splits lists with commas.
func words(lists []string) []string {
	var out []string
	for _, list := range lists {
		for word := range strings.SplitSeq(list, ",") {
			if word = strings.TrimSpace(word); word != "" {
				out = append(out, word)
			}
		}
	}
	return out
}
