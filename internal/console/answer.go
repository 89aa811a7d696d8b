package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/project"
	"latchkey/internal/registry"
)

// failure is an error as the vendor's gateway tells it.
type failure struct {
	status  int
	Code    string `json:"error_code"`
	Message string `json:"message"`
}

func (f failure) Error() string { return f.Message }

var (
	invalidToken = failure{http.StatusUnauthorized, "401013", "Oauth token is not valid"}
	internal     = failure{http.StatusInternalServerError, "500", "Internal error"}
	missing      = failure{http.StatusNotFound, "ERR_MSG_NOT_FOUND", "There is no such thing, or it is not yours to see"}
)

func invalid(message string) failure {
	return failure{http.StatusBadRequest, "ERR_MSG_INVALID_REQUEST", message}
}

func fail(w http.ResponseWriter, f failure) {
	body, _ := json.Marshal(f) // texts alone
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if f.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(append(body, '\n'))
}

func write(w http.ResponseWriter, a answer) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	kind := a.kind
	if a.raw == nil && a.body != nil {
		a.raw, kind = encode(a.body), "application/json;charset=UTF-8"
	}
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.raw)
}

func encode(body any) []byte {
	out, err := json.Marshal(body)
	if err != nil {
		panic("console: an answer can't be encoded: " + err.Error())
	}
	return append(out, '\n')
}

// failure turns an error of the rooms below into what the caller is told. What it does not know is logged.
func (s *server) failure(ctx context.Context, err error) failure {
	if f, ok := errors.AsType[failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*access.DeniedError](err); ok {
		if e.Profile != "" {
			return failure{http.StatusForbidden, "403023", "Profile is not valid: " + e.Error()}
		}
		return failure{http.StatusForbidden, "ERR_MSG_FORBIDDEN", e.Error()}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return failure{http.StatusRequestEntityTooLarge, "413", "The request is too large"}
	}
	if e, ok := errors.AsType[*project.InvalidError](err); ok {
		message := e.Message
		if e.Fix != "" {
			message += "; " + e.Fix
		}
		return invalid(message)
	}
	if e, ok := errors.AsType[*project.QuotaError](err); ok {
		return failure{http.StatusForbidden, "ERR_MSG_QUOTA_EXCEEDED", e.Error()}
	}
	if f, ok := refused(err); ok {
		return f
	}
	if away(err) {
		return failure{http.StatusServiceUnavailable, "503", "The database can't be reached"}
	}
	s.Log.ErrorContext(ctx, "a request failed for a reason that nobody planned for", slog.Any("error", err))
	return internal
}

func refused(err error) (failure, bool) {
	conflict := func(message string) (failure, bool) {
		return failure{http.StatusConflict, "ERR_MSG_CONFLICT", message}, true
	}
	if e, ok := errors.AsType[*project.InUseError](err); ok {
		return conflict(e.What + "; " + e.Fix)
	}
	if e, ok := errors.AsType[*project.MigratingError](err); ok {
		return conflict(e.Message + "; " + e.Fix)
	}
	if e, ok := errors.AsType[*project.UnavailableError](err); ok {
		return failure{http.StatusForbidden, string(e.Reasons[0]), e.Error()}, true
	}
	switch {
	case errors.Is(err, project.ErrNotFound), errors.Is(err, registry.ErrNotFound):
		return missing, true
	case errors.Is(err, project.ErrNameTaken):
		return failure{http.StatusConflict, "ERR_MSG_DUPLICATE_NAME", "The name is taken"}, true
	case errors.Is(err, project.ErrConflict):
		return conflict("Somebody else changed it at the same time")
	}
	return failure{}, false
}

// away tells whether an error says that the database can't be reached.
func away(err error) bool {
	type unavailable interface {
		error
		Unavailable() bool
	}
	e, ok := errors.AsType[unavailable](err)
	return ok && e.Unavailable()
}

// read decodes a body in JSON. Members that are not known are passed over, as the vendor does; what a client sends
// without a body is an empty one.
func read[T any](r *request) (T, error) {
	var out T
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return out, err
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return out, nil
	}
	if json.Unmarshal(raw, &out) != nil { // the error's text would repeat a value
		return out, invalid("The body is not JSON of the expected form")
	}
	return out, nil
}

// The vendor writes times in three ways.

// millis is a text of milliseconds, as of secrets.
func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// stamp is a text of RFC 3339, as of projects.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
