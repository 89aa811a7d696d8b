package simulator

import (
	"encoding/json"
	"errors"
	"net/http"
)

// control is the JSON API by which people and tests steer the simulator. Browsers of other origins are kept out.
func (s *Simulator) control(prefix string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"/_/requests", s.getRequests)
	mux.HandleFunc("GET "+prefix+"/_/faults", s.getFaults)
	mux.HandleFunc("PUT "+prefix+"/_/faults", s.putFault)
	mux.HandleFunc("DELETE "+prefix+"/_/faults", s.deleteFaults)
	mux.HandleFunc("POST "+prefix+"/_/revoke", s.postRevoke)
	mux.HandleFunc("POST "+prefix+"/_/reset", s.postReset)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (s *Simulator) getRequests(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"requests": s.Requests(), "counts": s.Counts()})
}

func (s *Simulator) getFaults(w http.ResponseWriter, _ *http.Request) {
	type kind struct {
		Name  string `json:"name"`
		Value string `json:"value,omitempty"`
		Does  string `json:"does"`
	}
	var known []kind
	for _, f := range Faults() {
		known = append(known, kind{f.Name, f.Value, f.Does})
	}
	reply(w, http.StatusOK, map[string]any{"faults": s.Rules(), "known": known})
}

func (s *Simulator) putFault(w http.ResponseWriter, r *http.Request) {
	var rule Rule
	if err := decode(w, r, &rule); err != nil {
		problem(w, err)
		return
	}
	if err := s.SetFault(rule); err != nil {
		problem(w, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"faults": s.Rules()})
}

// deleteFaults clears the rules within the query's host, path and grant_type: all of them when it is empty.
func (s *Simulator) deleteFaults(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n := s.ClearFaults(Rule{Host: q.Get("host"), Path: q.Get("path"), Grant: q.Get("grant_type")})
	reply(w, http.StatusOK, map[string]int{"cleared": n})
}

func (s *Simulator) postRevoke(w http.ResponseWriter, r *http.Request) {
	var whose struct {
		Subject  string `json:"subject"`
		ClientID string `json:"client_id"`
		All      bool   `json:"all"`
	}
	if err := decode(w, r, &whose); err != nil {
		problem(w, err)
		return
	}
	var n int
	switch {
	case whose.All:
		n = s.RevokeAll()
	case whose.Subject != "":
		n = s.RevokeSubject(whose.Subject)
	case whose.ClientID != "":
		n = s.RevokeClient(whose.ClientID)
	default:
		problem(w, errors.New(`name a "subject", a "client_id", or "all": true`))
		return
	}
	reply(w, http.StatusOK, map[string]int{"revoked": n})
}

func (s *Simulator) postReset(w http.ResponseWriter, _ *http.Request) {
	s.Reset()
	w.WriteHeader(http.StatusNoContent)
}

func decode(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New("the body is not the JSON object that is wanted here")
	}
	return nil
}

func reply(w http.ResponseWriter, status int, value any) { send(w, jsonAnswer(status, value)) }

// problem answers 400 (RFC 9457).
func problem(w http.ResponseWriter, err error) {
	a := jsonAnswer(http.StatusBadRequest, map[string]any{
		"type": "about:blank", "title": "Bad Request", "status": http.StatusBadRequest, "detail": err.Error(),
	})
	send(w, a.with("Content-Type", "application/problem+json"))
}

func send(w http.ResponseWriter, a answer) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the caller may have gone
}
