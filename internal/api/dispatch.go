package api

import (
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"latchkey/internal/suggest"
	"latchkey/internal/telemetry"
)

// route is a path that is served, as a ServeMux pattern writes it.
type route struct{ method, path string }

// apiPrefix is where every operation stands that needs a key.
const apiPrefix = "/api/v1"

// guard puts the headers of every answer, bounds the body, and turns a panic into a 500.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(fault)
			}
			s.Log.ErrorContext(r.Context(), "a handler panicked", slog.String("path", r.URL.Path),
				slog.String("type", fmt.Sprintf("%T", fault)), slog.String("stack", string(debug.Stack())))
			newProblem(kindInternal, internalDetail).write(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// dispatch finds the route, and answers in the API's own way when there is none.
func (s *server) dispatch(w http.ResponseWriter, r *http.Request) {
	if path := r.URL.Path; len(path) > 1 && strings.HasSuffix(path, "/") {
		// A redirect would lose the body and breaks clients, so /x/ is /x.
		r = r.Clone(r.Context())
		r.URL.Path, r.URL.RawPath = strings.TrimSuffix(path, "/"), strings.TrimSuffix(r.URL.RawPath, "/")
	}
	_, pattern := s.mux.Handler(r)
	if pattern == "" {
		s.missing(w, r)
		return
	}
	telemetry.SetRoute(r.Context(), pattern[strings.IndexByte(pattern, ' ')+1:])
	if problem := wantsJSON(r); problem != nil && r.URL.Path != provisioningPath {
		s.fail(w, r, problem)
		return
	}
	if r.URL.Path != apiPrefix && !strings.HasPrefix(r.URL.Path, apiPrefix+"/") {
		s.mux.ServeHTTP(w, r)
		return
	}
	c, problem := s.call(r)
	if problem == nil {
		problem = limited(s.requests, c.caller.ID)
	}
	if problem != nil {
		s.fail(w, r, problem)
		return
	}
	r = r.WithContext(withCall(r.Context(), c))
	if s.creating[pattern] && r.Header.Get(idempotencyHeader) != "" {
		s.once(w, r, c)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// fail answers with a problem, in the shape that the path's API has.
func (s *server) fail(w http.ResponseWriter, r *http.Request, problem *Problem) {
	if strings.HasPrefix(r.URL.Path, authoringPrefix) {
		serviceError(w, problem)
		return
	}
	problem.write(w, r)
}

// allMethods are the methods that routes have.
var allMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// missing answers for a path or a method that is not served, and says what is.
func (s *server) missing(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range allMethods {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := s.mux.Handler(probe); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		list := strings.Join(allowed, ", ")
		detail := fmt.Sprintf("This path answers to %s, not to %s.", list, strings.ToUpper(safeMethod(r.Method)))
		s.fail(w, r, newProblem(kindMethod, detail).with("Allow", list))
		return
	}
	s.fail(w, r, newProblem(kindRoute, "The nearest route is "+s.nearest(r.URL.Path)+". All are listed at /docs."))
}

// safeMethod keeps a method's text from being anything but a method.
func safeMethod(method string) string {
	if len(method) > 16 || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "this method"
	}
	return method
}

// nearest names the route whose path is most like the one that was asked.
func (s *server) nearest(path string) string {
	path = strings.TrimSuffix(path, "/")
	asked := strings.Split(path, "/")
	var same, all []string // same: those of as many segments, with the asked ids filled in
	filled := map[string]string{}
	for _, known := range s.routes {
		all = append(all, known.path)
		filled[known.path] = known.path
		if segments := strings.Split(known.path, "/"); len(segments) == len(asked) {
			for i, segment := range segments {
				if strings.HasPrefix(segment, "{") {
					segments[i] = asked[i]
				}
			}
			text := strings.Join(segments, "/")
			filled[text] = known.path
			same = append(same, text)
		}
	}
	for _, candidates := range [][]string{same, all} {
		if found, ok := suggest.Closest(path, candidates); ok {
			return s.methods(filled[found])
		}
	}
	return "GET " + apiPrefix
}

func (s *server) methods(path string) string {
	var methods []string
	for _, known := range s.routes {
		if known.path == path && !slices.Contains(methods, known.method) {
			methods = append(methods, known.method)
		}
	}
	slices.SortFunc(methods, func(a, b string) int { return slices.Index(allMethods, a) - slices.Index(allMethods, b) })
	return strings.Join(methods, ", ") + " " + path
}

// wantsJSON refuses a body that does not say that it is JSON: curl's -d would say it is a form.
func wantsJSON(r *http.Request) *Problem {
	if r.ContentLength == 0 || r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodDelete {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")) {
		return nil
	}
	return newProblem(kindContentType, "Send the header Content-Type: application/json with a JSON body.")
}

const internalDetail = "The fault is on this side. The server's log has the cause under the request's id."
