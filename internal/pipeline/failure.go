package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"latchkey/internal/access"
	"latchkey/internal/eventlog"
	"latchkey/internal/telemetry"
)

// failure is an answer that is no success, in the broker's own shape:
// {"status":n,"title":"…","report":{"errors":[{"id","code","message"}]}}.
type failure struct {
	status        int
	code, message string
	retry         int // seconds; 0 for none
}

func (f *failure) Error() string { return f.message }

var internal = failure{status: http.StatusInternalServerError, code: "internal", message: "Something went wrong here; the log tells under the id."}

// away tells whether an error is nobody's fault who calls.
func away(err error) bool {
	unavailable, ok := errors.AsType[interface {
		error
		Unavailable() bool
	}](err)
	return ok && unavailable.Unavailable()
}

// failure finds an error its answer. What is not known is told to the log alone.
func (h *handler) failure(ctx context.Context, err error) failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return *f
	}
	if invalid, ok := errors.AsType[*InvalidError](err); ok {
		message := invalid.Message + ": " + invalid.Fix
		if invalid.Pointer != "" {
			message = invalid.Pointer + ": " + message
		}
		return failure{status: http.StatusBadRequest, code: "invalid", message: message}
	}
	if large, ok := errors.AsType[*TooLargeError](err); ok {
		return failure{status: http.StatusRequestEntityTooLarge, code: "too_large", message: large.Error()}
	}
	if denied, ok := errors.AsType[*access.DeniedError](err); ok {
		return failure{status: http.StatusForbidden, code: "denied", message: denied.Error()}
	}
	for _, known := range []struct {
		is error
		failure
	}{
		{ErrNotFound, failure{status: http.StatusNotFound, code: "no_topic", message: err.Error()}},
		{ErrMarker, failure{status: http.StatusBadRequest, code: "marker_invalid", message: err.Error()}},
		{eventlog.ErrEpoch, failure{status: http.StatusConflict, code: "marker_stale", message: "The group's pointers were reset since the marker was sent: reconnect."}},
		{eventlog.ErrFull, failure{status: http.StatusInsufficientStorage, code: "log_full", message: "The disk of the event log is full; nothing of this request was kept. What was acknowledged before is safe."}},
		{ErrOff, failure{status: http.StatusServiceUnavailable, code: "off", message: "The pipeline is off on this server: set pipeline.log.", retry: 300}},
		{eventlog.ErrUnavailable, failure{status: http.StatusServiceUnavailable, code: "unavailable", message: "The event log can't be reached now; send this again. Nothing that was acknowledged is lost.", retry: 5}},
	} {
		if errors.Is(err, known.is) {
			if known.status >= http.StatusInternalServerError {
				h.Log.WarnContext(ctx, "the event log refuses", "error", err)
			}
			return known.failure
		}
	}
	if away(err) {
		return failure{status: http.StatusServiceUnavailable, code: "unavailable", message: "The store is not available now; send this again.", retry: 5}
	}
	if ctx.Err() != nil {
		return failure{status: http.StatusServiceUnavailable, code: "cancelled", message: "The request was given up."}
	}
	h.Log.ErrorContext(ctx, "a call of the pipeline failed", "error", err, "request_id", telemetry.RequestID(ctx))
	return internal
}

func fail(w http.ResponseWriter, r *http.Request, f failure) {
	type item struct {
		ID      string `json:"id"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body := struct {
		Status int    `json:"status"`
		Title  string `json:"title"`
		Report struct {
			Errors []item `json:"errors"`
		} `json:"report"`
	}{Status: f.status, Title: http.StatusText(f.status)}
	body.Report.Errors = []item{{telemetry.RequestID(r.Context()), f.code, f.message}}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	if f.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="latchkey"`)
	}
	if f.retry > 0 {
		header.Set("Retry-After", strconv.Itoa(f.retry))
	}
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(body) // the caller may be gone
}
