package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"
)

// readyTimeout bounds all checks of one /readyz together.
const readyTimeout = 3 * time.Second

// healthz says that the process answers.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether this server should get traffic. It needs no key, so it tells no errors: the log does.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	status, word := http.StatusOK, "ok"
	checks, causes := map[string]string{}, map[string]string{}
	for _, check := range s.Checks {
		checks[check.Name] = "ok"
		if err := check.Ready(ctx); err != nil {
			s.Log.WarnContext(ctx, "not ready", slog.String("check", check.Name), slog.Any("error", err))
			checks[check.Name] = "failing"
			switch {
			case check.Without == "":
				status, word = http.StatusServiceUnavailable, "unavailable"
			case status == http.StatusOK:
				word = "degraded"
			}
			if check.Without != "" {
				causes[check.Name] = check.Without
			}
		}
	}
	answer := map[string]any{"status": word, "checks": checks}
	if len(causes) > 0 {
		answer["causes"] = causes
	}
	writeJSON(w, status, answer)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	writeJSONBody(w, status, value)
}

func writeJSONBody(w http.ResponseWriter, status int, value any) {
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // the client is gone, or value is a bug that tests see
}
