package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/finding"
	"latchkey/internal/proxy"
	"latchkey/internal/telemetry"
)

// Proxy passes calls on. It is [proxy.Proxy].
type Proxy interface {
	Serve(w http.ResponseWriter, r *http.Request, call proxy.Call) error
}

const proxyPrefix = apiPrefix + "/proxy/"

// proxied recognizes ANY /api/v1/proxy/{connection}/{path…}, and gives the connection and the rest as they came.
func proxied(r *http.Request) (ref, rest string, ok bool) {
	path := r.URL.Path
	if !strings.HasPrefix(path, proxyPrefix) {
		return "", "", false
	}
	if r.URL.RawPath != "" {
		path = r.URL.RawPath
	}
	ref, rest, slash := strings.Cut(strings.TrimPrefix(path, proxyPrefix), "/")
	if slash {
		rest = "/" + rest
	}
	if r.URL.RawPath != "" {
		var err error
		if ref, err = url.PathUnescape(ref); err != nil {
			return "", "", false
		}
	}
	return ref, rest, ref != ""
}

// proxy passes a call on. Its body is the service's business: it is not bounded, and not looked at.
func (s *server) proxy(w http.ResponseWriter, r *http.Request, ref, rest string) {
	telemetry.SetRoute(r.Context(), proxyPrefix+"{connection}/{path…}")
	caller, problem := s.authenticate(r)
	if problem == nil {
		problem = limited(s.tokens, caller.ID)
	}
	call := proxy.Call{Caller: caller, Connection: ref, Path: rest, Sandbox: r.Header.Get(sandboxHeader)}
	if problem == nil && call.Sandbox != "" {
		if _, err := caller.In(call.Sandbox); err != nil {
			problem = s.problem(r.Context(), err)
		}
	}
	if problem == nil {
		err := s.Proxy.Serve(w, r, call)
		if err == nil || r.Context().Err() != nil {
			return
		}
		if problem = proxyProblem(err); problem == nil {
			problem = s.problem(r.Context(), err)
		}
		problem = problem.because(err)
		if errors.Is(err, connection.ErrNotFound) {
			if better := s.noSandbox(r.Context(), caller, call.Sandbox); better != nil {
				problem = better
			}
		}
	}
	w.Header()["X-Content-Type-Options"] = noSniff
	problem.write(w, r)
}

// proxyProblem maps the errors of calls that did not get as far as an answer of their service.
func proxyProblem(err error) *Problem {
	switch {
	case errors.Is(err, proxy.ErrPath):
		return invalid(Item{Parameter: "path", Message: err.Error(), Fix: "Send the path as the service has it, without . and .. in it."})
	case errors.Is(err, proxy.ErrBusy):
		return newProblem(kindRate, "The connection has as many calls under way as it may have.").after(time.Second)
	}
	if e, ok := errors.AsType[*proxy.NotAllowedError](err); ok {
		return newProblem(kindCallDenied, fmt.Sprintf("The key's lists of methods and paths do not have %s %s.", finding.Bounded(e.Method, 20), finding.Bounded(e.Path, 200)))
	}
	if e, ok := errors.AsType[*connection.MovedError](err); ok {
		return newProblem(kindMoved, fmt.Sprintf("Revision %d of the definition sends calls to another address than the revision that the connection was authorized with.", e.Revision))
	}
	if e, ok := errors.AsType[*exchange.Failure](err); ok {
		return newProblem(kindNoService, sentence(e.Description))
	}
	if e, ok := errors.AsType[*egress.Error](err); ok {
		sent := " The call has not left."
		if e.Sent {
			sent = " The service may have got the call: look before you repeat one that changes something."
		}
		if e.Kind == egress.KindTimeout {
			return newProblem(kindServiceSlow, sentence(e.Error())+sent)
		}
		return newProblem(kindServiceDown, sentence(e.Error())+sent)
	}
	return nil
}
