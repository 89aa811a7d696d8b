package adobesim

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// Control is below the prefix that a [Sim.Browser] is mounted at.
const Control = "_adobe"

// Browser serves the hosts at {prefix}/{host}/…, for programs that can reach no other host than Latchkey's, and at
// {prefix}/_adobe/… the JSON API by which people and tests steer them. Browsers of other origins are kept out of that.
func (s *Sim) Browser(prefix string) http.Handler {
	mux := http.NewServeMux()
	at := prefix + "/" + Control
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request){
		"GET " + at + "/requests": s.getRequests, "GET " + at + "/faults": s.getFaults, "PUT " + at + "/faults": s.putFault,
		"DELETE " + at + "/faults": s.deleteFaults, "POST " + at + "/reset": s.postReset, "PUT " + at + "/audiences": s.putAudiences,
		"POST " + at + "/audiences/change": s.changing((*Sim).ChangeAudiences), "POST " + at + "/audiences/delete": s.changing((*Sim).DeleteAudiences),
	} {
		mux.HandleFunc(pattern, handle)
	}
	control := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, prefix), "/"), "/")
		if host == Control {
			control.ServeHTTP(w, r)
			return
		}
		under := r.Clone(r.Context())
		under.Host, under.URL.Path, under.URL.RawPath = host, "/"+path, ""
		s.serve(w, under)
	})
}

// Mounts lists what is below the prefix.
func Mounts() []string { return append(Hosts(), Control) }

func (s *Sim) getRequests(w http.ResponseWriter, _ *http.Request) {
	reply(w, map[string]any{"requests": s.Requests()})
}

func (s *Sim) getFaults(w http.ResponseWriter, _ *http.Request) {
	type kind struct {
		Name  string `json:"name"`
		Value string `json:"value,omitempty"`
		Where string `json:"where"`
		Does  string `json:"does"`
	}
	var known []kind
	for _, f := range Faults() {
		known = append(known, kind{f.Name, f.Value, f.Where, f.Does})
	}
	reply(w, map[string]any{"faults": s.Rules(), "known": known})
}

func (s *Sim) putFault(w http.ResponseWriter, r *http.Request) {
	var rule Rule
	if err := decode(w, r, &rule); err != nil {
		problem(w, err)
		return
	}
	if err := s.SetFault(rule); err != nil {
		problem(w, err)
		return
	}
	reply(w, map[string]any{"faults": s.Rules()})
}

// deleteFaults clears the rules at the query's host, path and client_id: all of them when it is empty.
func (s *Sim) deleteFaults(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	reply(w, map[string]int{"cleared": s.ClearFaults(Rule{Host: q.Get("host"), Path: q.Get("path"), ClientID: q.Get("client_id")})})
}

func (s *Sim) postReset(w http.ResponseWriter, _ *http.Request) {
	s.Reset()
	w.WriteHeader(http.StatusNoContent)
}

// maxAudiences is how many a tenant can be told to have.
const maxAudiences = 1_000_000

// audiencesAsk names audiences by number: count of them from one on. No tenant is the first customer's.
type audiencesAsk struct {
	Tenant string `json:"tenant"`
	From   int    `json:"from"`
	Count  int    `json:"count"`
}

func (s *Sim) audiencesAsk(w http.ResponseWriter, r *http.Request) (ask audiencesAsk, err error) {
	if err = decode(w, r, &ask); err == nil && (ask.Count < 0 || ask.From < 0 || ask.Count > maxAudiences) {
		err = errors.New("count is a number from 0 to 1000000, from one from 0")
	}
	if ask.Tenant == "" {
		ask.Tenant = s.config.Customers[0].Tenant
	}
	return ask, err
}

func (s *Sim) putAudiences(w http.ResponseWriter, r *http.Request) {
	ask, err := s.audiencesAsk(w, r)
	if err == nil {
		err = s.SetAudiences(ask.Tenant, ask.Count)
	}
	if err != nil {
		problem(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Sim) changing(do func(s *Sim, tenant string, from, count int) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ask, err := s.audiencesAsk(w, r)
		if err == nil {
			err = do(s, ask.Tenant, ask.From, ask.Count)
		}
		if err != nil {
			problem(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func decode(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errors.New("the body is not the JSON object that is wanted here")
	}
	return nil
}

func reply(w http.ResponseWriter, value any) { send(w, jsonAnswer(http.StatusOK, value)) }

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
