package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/limit"
)

// This file speaks the authoring API of Destination SDK (spec/destination-sdk.md §4): its paths, statuses, headers,
// member names and error bodies, so that scripts written against it run unchanged. A destination is a definition; its
// instanceId is the definition's, the mask ******** stands for secrets and keeps them when it is sent back.

// authoringPrefix is where the API stands.
const authoringPrefix = "/data/core/activation/authoring"

// notServed says of each part of the vendor's API that a token broker has no use for, what it is for and what to do.
var notServed = map[string]string{
	"/credentials":         "Credentials objects hold a login that a platform uses for every customer (PLATFORM_AUTHENTICATION). They are not served: put the login into a definition's constants, or make a connection of your own.",
	"/destination-servers": "Destination servers say where data is delivered. Nothing is delivered from here, so they are not served: a destination's other members are kept and come back unchanged.",
	"/audience-templates":  "Audience templates manage audiences at the partner. Nothing is delivered from here, so they are not served.",
	"/sample-profiles":     "Sample profiles are test data for deliveries. Nothing is delivered from here, so they are not served.",
	"/testing":             "Deliveries can't be tested here, as there are none. POST /api/v1/explain shows the token requests of a definition.",
}

// authoring is a handler of the authoring API: who calls has passed the gateway's checks.
type authoring func(w http.ResponseWriter, r *http.Request, c call) error

func (s *server) mountAuthoring() {
	const base = authoringPrefix + "/destinations"
	for pattern, do := range map[string]authoring{
		"GET " + base:                   s.listDestinations,
		"POST " + base:                  s.createDestination,
		"GET " + base + "/{id}":         s.getDestination,
		"PUT " + base + "/{id}":         s.updateDestination,
		"DELETE " + base + "/{id}":      s.deleteDestination,
		"POST " + base + "/publish":     s.publishDestination,
		"GET " + base + "/publish":      s.listPublished,
		"GET " + base + "/publish/{id}": s.getPublished,
	} {
		s.plain(pattern, s.gateway(do))
	}
	for path, why := range notServed {
		refuse := s.gateway(func(http.ResponseWriter, *http.Request, call) error { return newProblem(kindNotServed, why) })
		s.mux.Handle(authoringPrefix+path, refuse)
		s.mux.Handle(authoringPrefix+path+"/{rest...}", refuse)
	}
}

// gatewayError is an error of the vendor's gateway, which stands before its services.
type gatewayError struct {
	status        int
	code, message string
}

// The gateway's errors (spec §4.2).
var (
	tokenMissing   = &gatewayError{http.StatusForbidden, "403010", "Oauth token is missing."}
	tokenInvalid   = &gatewayError{http.StatusUnauthorized, "401013", "Oauth token is not valid"}
	apiKeyInvalid  = &gatewayError{http.StatusForbidden, "403003", "Api Key is invalid"}
	profileInvalid = &gatewayError{http.StatusForbidden, "403025", "Profile is not valid"}
)

func (e *gatewayError) Error() string { return e.code + " " + e.message }

// gateway authenticates as the vendor's gateway does. An API key of ours implies x-api-key, x-gw-ims-org-id and
// x-sandbox-name; those that are sent all the same have to fit, and the last one picks the sandbox.
func (s *server) gateway(do authoring) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.admitted(r)
		if err == nil {
			err = do(w, r, c)
		}
		if refused, ok := errors.AsType[*gatewayError](err); ok {
			writeJSON(w, refused.status, map[string]string{"error_code": refused.code, "message": refused.message})
		} else if err != nil {
			serviceError(w, s.problem(r.Context(), err))
		}
	})
}

func (s *server) admitted(r *http.Request) (call, error) {
	presented, ok := bearer(r.Header.Get("Authorization"))
	if !ok {
		return call{}, s.refusedHere(r, tokenMissing)
	}
	caller, err := s.Keys.Authenticate(presented)
	if err != nil {
		return call{}, s.refusedHere(r, tokenInvalid)
	}
	if problem := limited(s.requests, caller.ID); problem != nil {
		return call{}, problem
	}
	if key := r.Header.Get("X-Api-Key"); key != "" && key != caller.ID && key != presented {
		return call{}, apiKeyInvalid
	}
	if org := r.Header.Get("X-Gw-Ims-Org-Id"); org != "" && org != caller.Organization {
		return call{}, profileInvalid
	}
	sandbox, problem := s.sandbox(r, caller)
	if problem != nil {
		return call{}, problem
	}
	if sandbox == "" {
		sandbox, _ = caller.In("") // the caller's own is always allowed
	}
	return call{caller: caller, sandbox: sandbox}, nil
}

func (s *server) refusedHere(r *http.Request, refused *gatewayError) error {
	if problem := limited(s.refused, limit.Address(r.RemoteAddr)); problem != nil {
		return problem
	}
	return refused
}

// serviceError writes a problem as the vendor's services do.
func serviceError(w http.ResponseWriter, p *Problem) {
	type item struct {
		Path    string `json:"path"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	status, detail := p.Status, p.Detail
	if p.kind == kindContentType {
		status, detail = http.StatusBadRequest, "A valid content-type must be specified"
	}
	if p.kind == kindUnpublishable {
		status = http.StatusBadRequest
	}
	items := mapped(p.Errors, func(i Item) item {
		message := i.Message
		if i.Fix != "" {
			message += ": " + i.Fix
		}
		return item{i.Pointer, p.kind.Slug, message}
	})
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Del("Www-Authenticate")
	writeProblemJSON(w, status, struct {
		Type   string `json:"type"`
		Status int    `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Errors []item `json:"errors,omitempty"`
		Line   int    `json:"line,omitempty"`
		Column int    `json:"column,omitempty"`
	}{"/placeholder/type/uri", status, strings.ReplaceAll(http.StatusText(status), " ", "") + "Error", detail, items, p.Line, p.Column})
}

func writeProblemJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", problemType)
	writeJSONBody(w, status, value)
}

func (s *server) listDestinations(w http.ResponseWriter, r *http.Request, c call) error {
	items := []rawObject{}
	for after := ""; ; {
		found, next, err := s.Definitions.List(r.Context(), c.caller, destination.Page{Sandbox: c.sandbox, After: after, Limit: 200})
		if err != nil {
			return err
		}
		for _, def := range found {
			saved, err := s.Definitions.Get(r.Context(), c.caller, destination.Ref{Sandbox: c.sandbox, Name: def.ID})
			if errors.Is(err, destination.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			item, err := s.destination(r.Context(), c, saved)
			if err != nil {
				return err
			}
			items = append(items, item)
		}
		if after = next; next == "" {
			break
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"items": items})
	return nil
}

func (s *server) getDestination(w http.ResponseWriter, r *http.Request, c call) error {
	saved, err := s.Definitions.Get(r.Context(), c.caller, destination.Ref{Sandbox: c.sandbox, Name: r.PathValue("id")})
	if err != nil {
		return err
	}
	item, err := s.destination(r.Context(), c, saved)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"items": []rawObject{item}})
	return nil
}

func (s *server) createDestination(w http.ResponseWriter, r *http.Request, c call) error {
	document, err := readDestination(r)
	if err != nil {
		return err
	}
	saved, err := s.Definitions.Create(r.Context(), c.caller, c.sandbox, destination.Draft{Document: document})
	return s.stored(w, r, c, saved, err)
}

func (s *server) updateDestination(w http.ResponseWriter, r *http.Request, c call) error {
	document, err := readDestination(r)
	if err != nil {
		return err
	}
	ref := destination.Ref{Sandbox: c.sandbox, Name: r.PathValue("id")}
	saved, err := s.Definitions.Update(r.Context(), c.caller, ref, destination.Draft{Document: document})
	return s.stored(w, r, c, saved, err)
}

func (s *server) stored(w http.ResponseWriter, r *http.Request, c call, saved destination.Saved, err error) error {
	if err != nil {
		return err
	}
	item, err := s.destination(r.Context(), c, saved)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, item)
	return nil
}

func (s *server) deleteDestination(w http.ResponseWriter, r *http.Request, c call) error {
	if err := s.Definitions.Delete(r.Context(), c.caller, destination.Ref{Sandbox: c.sandbox, Name: r.PathValue("id")}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// readDestination reads a document, without the members that a server gives: scripts send back what they read.
func readDestination(r *http.Request) (*destination.Document, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if _, err := destination.ParseDocument(raw); err != nil {
		return nil, err
	}
	return destination.ParseDocument(rawObject(raw).without(serverMembers...))
}

// serverMembers are given by the server, whatever a client sends (spec §4.1).
var serverMembers = []string{"instanceId", "createdDate", "lastModifiedDate", "imsOrg", "sandboxName", "sandboxId", "destConfigId"}

// microseconds is how the vendor writes times.
const microseconds = "2006-01-02T15:04:05.000000Z"

// destination is a definition as a destination: its document, masked, with the server's members after it.
func (s *server) destination(ctx context.Context, c call, saved destination.Saved) (rawObject, error) {
	def, document := saved.Definition, saved.Revision.Document
	sandbox, err := s.Directory.Sandbox(ctx, c.caller, def.Sandbox)
	if err != nil {
		return nil, fmt.Errorf("reading the sandbox of %s: %w", def.ID, err)
	}
	out := rawObject(document.JSON())
	if !document.Whole() {
		out = rawObject(`{}`).with("name", def.Name).with("description", document.Description()).
			with("customerAuthenticationConfigurations", []rawObject{document.Authentication(0)})
	}
	out = out.without(serverMembers...)
	return out.with("instanceId", def.InstanceID).with("destConfigId", def.ID).
		with("imsOrg", def.Organization).with("sandboxName", def.Sandbox).with("sandboxId", sandbox.ID).
		with("createdDate", def.CreatedAt.UTC().Format(microseconds)).
		with("lastModifiedDate", def.UpdatedAt.UTC().Format(microseconds)), nil
}

// publication is the state of a destination's publish requests (spec §4.3).
type publication struct {
	DestinationID string          `json:"destinationId"`
	Details       []publishDetail `json:"publishDetailsList"`
}

type publishDetail struct {
	ConfigID        string   `json:"configId"`
	AllowedOrgs     []string `json:"allowedOrgs"`
	Status          string   `json:"status"`
	DestinationType string   `json:"destinationType"`
	PublishedDate   int64    `json:"publishedDate,omitempty"`
}

type publishRequest struct {
	DestinationID     string   `json:"destinationId"`
	DestinationAccess string   `json:"destinationAccess"`
	AllowedOrgs       []string `json:"allowedOrgs"`
}

// publishDestination publishes at once: whoever may ask for it here is who would approve it.
func (s *server) publishDestination(w http.ResponseWriter, r *http.Request, c call) error {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	ask, err := decode[publishRequest](raw)
	if err != nil {
		return err
	}
	if ask.DestinationID == "" {
		return invalid(Item{Pointer: "/destinationId", Message: "the destination is missing", Fix: "send its instanceId"})
	}
	saved, err := s.Definitions.Publish(r.Context(), c.caller, destination.Ref{Sandbox: c.sandbox, Name: ask.DestinationID})
	if err != nil {
		return err
	}
	published, err := s.publication(r.Context(), c.caller, saved.Definition)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, published)
	return nil
}

func (s *server) getPublished(w http.ResponseWriter, r *http.Request, c call) error {
	saved, err := s.Definitions.Get(r.Context(), c.caller, destination.Ref{Sandbox: c.sandbox, Name: r.PathValue("id")})
	if err != nil {
		return err
	}
	published, err := s.publication(r.Context(), c.caller, saved.Definition)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, published)
	return nil
}

func (s *server) listPublished(w http.ResponseWriter, r *http.Request, c call) error {
	items := []publication{}
	for after := ""; ; {
		found, next, err := s.Definitions.List(r.Context(), c.caller, destination.Page{Sandbox: c.sandbox, After: after, Limit: 200})
		if err != nil {
			return err
		}
		for _, def := range found {
			if def.Published == 0 {
				continue
			}
			published, err := s.publication(r.Context(), c.caller, def)
			if err != nil {
				return err
			}
			items = append(items, published)
		}
		if after = next; next == "" {
			break
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"items": items})
	return nil
}

// publication tells what is published of a definition: to its own organization alone, which is all that this server
// can reach.
func (s *server) publication(ctx context.Context, caller access.Caller, def destination.Definition) (publication, error) {
	out := publication{DestinationID: def.InstanceID, Details: []publishDetail{}}
	if def.Published == 0 {
		return out, nil
	}
	revisions, err := s.Definitions.Revisions(ctx, caller, destination.Ref{Sandbox: def.Sandbox, Name: def.ID})
	if err != nil {
		return out, err
	}
	var at time.Time
	for _, revision := range revisions {
		if revision.Number == def.Published {
			at = revision.PublishedAt
		}
	}
	out.Details = append(out.Details, publishDetail{
		ConfigID: def.ID, AllowedOrgs: []string{def.Organization}, Status: "PUBLISHED", DestinationType: "DEV", PublishedDate: at.UnixMilli(),
	})
	return out, nil
}
