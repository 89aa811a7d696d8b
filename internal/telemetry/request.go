package telemetry

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// RequestIDHeader is where a request's id comes in and goes out.
const RequestIDHeader = "X-Request-Id"

const (
	requestIDAttr = "request_id"
	maxRequestID  = 128
)

type requestKey struct{}

// RequestIDs gives each request an id: the one that it brings when that is sane, or a new one. The id is in the
// context and in the response's header.
func RequestIDs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(RequestIDHeader)
		if !sane(id) {
			id = "req_" + rand.Text()
		}
		w.Header().Set(RequestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(WithRequestID(r.Context(), id)))
	})
}

// sane tells whether a stranger's id may be echoed and logged.
func sane(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// RequestID gives the id of the context's request, "" outside of one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// WithRequestID gives a context whose request has the id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// LogRequests writes one line a request: method, path without query, status, size, time. Errors of the server are
// warnings, the rest is for debugging: at 50,000 token reads a second nobody wants a line for each.
func LogRequests(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		watched := &watcher{ResponseWriter: w}
		defer func() { // a panic gets its line, too
			level := slog.LevelDebug
			if watched.status >= http.StatusInternalServerError || watched.status == 0 {
				level = slog.LevelWarn
			}
			if !log.Enabled(r.Context(), level) {
				return
			}
			log.LogAttrs(r.Context(), level, "request", slog.String("method", r.Method), slog.String("path", shown(r.URL.Path)),
				slog.Int("status", watched.status), slog.Int64("bytes", watched.written), slog.Duration("took", time.Since(start)))
		}()
		next.ServeHTTP(watched, r)
		if watched.status == 0 {
			watched.status = http.StatusOK
		}
	})
}

// attemptPath is followed by what a customer's browser begins a connection with, once.
const attemptPath = "/connect/"

func shown(path string) string {
	if rest, ok := strings.CutPrefix(path, attemptPath); ok && rest != "" {
		return attemptPath + redacted
	}
	return path
}

// watcher sees what is answered. A status of 0 is an answer that has not begun.
type watcher struct {
	http.ResponseWriter
	status  int
	written int64
}

func (w *watcher) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.written += int64(n)
	return n, err
}

// Flush is here for handlers that ask the writer itself and not [http.ResponseController].
func (w *watcher) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap is for [http.ResponseController].
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
