package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/authority"
	"latchkey/internal/calendar"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/destination"
	"latchkey/internal/eventlog"
	"latchkey/internal/exchange"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/jsontree"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/provider"
	"latchkey/internal/registry"
	"latchkey/internal/revocation"
	"latchkey/internal/webhook"
	"latchkey/internal/workflow"
)

// known maps the rooms' sentinel errors. With the typed errors in [server.typed] it is the only place where an error
// becomes a status.
var known = []struct {
	err    error
	kind   *Kind
	detail string
}{
	{destination.ErrNoRevision, kindNotFound, "The definition has no revision of that number."},
	{destination.ErrNotFound, kindNotFound, "There is no definition with that id or name in the sandbox, or it is not yours to see."},
	{connectlink.ErrUnknown, kindNotFound, "There is no connect link with that id, or it is not yours to see."},
	{connection.ErrNotFound, kindNotFound, "There is no connection with that id or label in the sandbox, or it is not yours to see."},
	{connection.ErrDefinitionNotFound, kindNotFound, "There is no definition with that id or name in the sandbox."},
	{provider.ErrNotFound, kindNotFound, "There is no provider of that host, or none of your connections has called it."},
	{revocation.ErrNotFound, kindNotFound, "There is no revocation with that id, or it is not yours to see."},
	{revocation.ErrState, kindState, "The grant is revoked already, or there is no way to revoke it."},
	{workflow.ErrNotOffboarding, kindState, "The organization is not being offboarded."},
	{authority.ErrNoConsent, kindNotFound, "The user has not agreed to anything for that client."},
	{registry.ErrNotFound, kindNotFound, "There is no sandbox, key, user or organization with that name or id, or it is not yours to see."},
	{registry.ErrConflict, kindState, "Somebody else changed the user at the same time; read it and try again."},
	{project.ErrConflict, kindState, "Somebody else changed it at the same time; read it and try again."},
	{destination.ErrNameTaken, kindNameTaken, "Another definition of the sandbox has that name."},
	{connection.ErrLabelTaken, kindNameTaken, "Another connection of the sandbox has that label."},
	{registry.ErrNameTaken, kindNameTaken, "The organization has a sandbox of that name, or a user of that address."},
	{registry.ErrInUse, kindInUse, "Connections, definitions, IMS configurations, certificates or cloud services are in the sandbox; delete them first."},
	{destination.ErrConflict, kindState, "Somebody else changed the definition at the same time; read it and try again."},
	{connection.ErrConflict, kindState, "Somebody else changed the connection at the same time; read it and try again."},
	{ims.ErrNotFound, kindNotFound, "There is no IMS configuration or certificate with that id, name or alias in the sandbox, or it is not yours to see."},
	{ims.ErrNameTaken, kindNameTaken, "Another IMS configuration or certificate of the sandbox has that name or alias."},
	{ims.ErrConflict, kindState, "Somebody else changed it at the same time; read it and try again."},
	{ims.ErrInUse, kindInUse, "The certificate signs, or a configuration names it; switch to another version, or change the configuration first."},
	{ims.ErrServes, kindInUse, "A cloud service uses the IMS configuration; delete that first, or let it name another."},
	{cloudservice.ErrNotFound, kindNotFound, "There is no cloud service with that id or name in the sandbox, or it is not yours to see."},
	{cloudservice.ErrNoFramework, kindNotFound, "There is no framework with that id or name in the cloud service, or none on that page or above it."},
	{cloudservice.ErrFrameworkTaken, kindNameTaken, "Another framework of the cloud service has that name."},
	{cloudservice.ErrNeverSynced, kindNotFound, "The service's audiences were never synced; connect it, or POST to audiences/sync."},
	{cloudservice.ErrNoOffer, kindNotFound, "No offer of that name was pushed with the service."},
	{cloudservice.ErrNoLibrary, kindNotFound, "No client library was uploaded for the service."},
	{cloudservice.ErrNoConfiguration, kindState, "The IMS configuration that the cloud service names is gone; name another."},
	{cloudservice.ErrNameTaken, kindNameTaken, "Another cloud service of the sandbox has that name."},
	{cloudservice.ErrConflict, kindState, "Somebody else changed it at the same time; read it and try again."},
	{cloudservice.ErrInUse, kindInUse, "Another cloud service names it; let that name another first."},
	{cloudservice.ErrState, kindState, "That does not fit its status or its kind: it is a draft that lacks values, it has not been connected, or it is of the other product."},
	{ims.ErrState, kindState, "That does not fit its state: it is a draft, it is migrated already, no migration is under way, or another certificate waits beside the current one."},
	{calendar.ErrNotFound, kindNotFound, "There is no calendar feed with that id, or it is not yours to see."},
	{webhook.ErrNotFound, kindNotFound, "There is no webhook endpoint with that id, or it is not yours to see."},
	{webhook.ErrEventNotFound, kindNotFound, "There is no event with that id that the endpoint could get."},
	{webhook.ErrConflict, kindState, "Somebody else changed the endpoint at the same time; read it and try again."},
	{webhook.ErrDisabled, kindState, "The endpoint is disabled; enable it first."},
	{fleet.ErrNotFound, kindNotFound, "There is no daemon of that instance and host, or it is not yours to see."},
	{fleet.ErrGone, kindNotFound, "What was handed over is not here any more: every daemon had it, an hour is over, or another order came. Give the order again."},
	{fleet.ErrStranger, kindNotFound, "It was not handed over to this key, which was none of this instance's daemons when the order was given. Give the order again."},
	{pipeline.ErrNotFound, kindNotFound, "There is no topic with that id or name, or it is not yours to see."},
	{pipeline.ErrTaken, kindNameTaken, "The organization has a topic of that name."},
	{pipeline.ErrConflict, kindState, "Somebody else changed the topic at the same time; read it and try again."},
	{pipeline.ErrOff, kindUnavailable, "The pipeline is off on this server: set pipeline.log."},
	{eventlog.ErrNoGroup, kindNotFound, "The topic has no consumer group of that name."},
	{eventlog.ErrUnavailable, kindUnavailable, "The event log is not available now."},
	{eventlog.ErrFull, kindUnavailable, "The disk of the event log is full."},
	{provider.ErrClosed, kindUnavailable, "The server is stopping."},
	{connection.ErrClosed, kindUnavailable, "The server is stopping."},
	{audit.ErrNotRecorded, kindNotRecorded, "The database does not take the record now."},
	{audit.ErrBound, kindSandbox, "The audit record is of the whole organization; a key that is bound to a sandbox does not read it."},
	{audit.ErrNothingRecorded, kindState, "Nothing is recorded yet, so there is nothing to sign."},
	{context.Canceled, kindUnavailable, "The request was given up."},
	{context.DeadlineExceeded, kindUnavailable, "It took too long."},
}

// problem turns an error of any room into what the caller is told. What it does not know is logged and becomes a 500
// without details.
func (s *server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if p := s.typed(err); p != nil {
		return p.because(err)
	}
	for _, row := range known {
		if errors.Is(err, row.err) {
			p := newProblem(row.kind, row.detail).because(err)
			if row.kind == kindUnavailable || row.kind == kindNotRecorded {
				p.after(time.Second)
			}
			return p
		}
	}
	s.Log.ErrorContext(ctx, "a request failed for a reason that nobody planned for", slog.Any("error", err))
	return newProblem(kindInternal, internalDetail).because(err)
}

// typed maps the errors that say more than their kind.
func (s *server) typed(err error) *Problem {
	if e, ok := errors.AsType[*access.DeniedError](err); ok {
		return denied(e)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return newProblem(kindTooLarge, fmt.Sprintf("The limit is %d bytes.", maxBody))
	}
	if e, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
		return newProblem(kindMalformed, fmt.Sprintf("The body is not JSON: at line %d, column %d: %s.", e.Line, e.Column, e.Msg)).at(e.Line, e.Column)
	}
	if e, ok := errors.AsType[destination.Problems](err); ok {
		return defective(e)
	}
	if e, ok := errors.AsType[*destination.InUseError](err); ok {
		if e.Connections == 0 {
			return newProblem(kindInUse, count(e.Revocations, "grant of a deleted connection waits to be revoked by it", "grants of deleted connections wait to be revoked by it")+"; wait for that, or forget them (GET /api/v1/revocations?state=waiting).")
		}
		return newProblem(kindInUse, count(e.Connections, "connection to it exists", "connections to it exist")+"; delete those first.")
	}
	if e, ok := errors.AsType[*workflow.ConfirmError](err); ok {
		return invalid(Item{Pointer: "/confirm", Message: "the organization's id does not stand here", Fix: "Send " + e.Want + "."})
	}
	if e, ok := errors.AsType[*workflow.UnsettledError](err); ok {
		return newProblem(kindState, "Nothing was erased: "+e.Error()+".")
	}
	if e, ok := errors.AsType[*registry.InvalidError](err); ok {
		return invalid(Item{Pointer: e.Pointer, Message: e.Message, Fix: e.Fix})
	}
	if e, ok := errors.AsType[*webhook.InvalidError](err); ok {
		return invalid(Item{Pointer: e.Pointer, Message: e.Message, Fix: e.Fix})
	}
	if e, ok := errors.AsType[*fleet.InvalidError](err); ok {
		return invalid(Item{Pointer: e.Pointer, Message: e.Message, Fix: e.Fix})
	}
	if e, ok := errors.AsType[*pipeline.InvalidError](err); ok {
		return invalid(Item{Pointer: e.Pointer, Message: e.Message, Fix: e.Fix})
	}
	if e, ok := errors.AsType[finding.Problems](err); ok {
		return invalid(problemItems(e)...)
	}
	if e, ok := errors.AsType[*cloudservice.PageTakenError](err); ok {
		return newProblem(kindNameTaken, "Another framework of that product is on the page "+e.Page+": a page has one. Take it off there first.")
	}
	if said, ok := strings.CutSuffix(err.Error(), ": "+cloudservice.ErrState.Error()); ok && errors.Is(err, cloudservice.ErrState) {
		return newProblem(kindState, strings.ToUpper(said[:1])+said[1:]+".")
	}
	if e, ok := errors.AsType[*cloudservice.OfferInUseError](err); ok {
		return newProblem(kindInUse, "Nothing was deleted: "+e.Error()+". Send anyway=true to delete it all the same.")
	}
	if e, ok := errors.AsType[*cloudservice.RefusedError](err); ok {
		return refused(e)
	}
	if e, ok := errors.AsType[*calendar.InvalidError](err); ok {
		return invalid(Item{Pointer: e.Pointer, Message: e.Message, Fix: e.Fix})
	}
	if p := stored(err); p != nil {
		return p
	}
	if p := console(err); p != nil {
		return p
	}
	return s.connecting(err)
}

// stored maps what a database that is away makes of a request. The errors tell by a method what they are.
func stored(err error) *Problem {
	type unavailable interface {
		error
		Unavailable() bool
	}
	type unknown interface {
		error
		OutcomeUnknown() bool
	}
	if e, ok := errors.AsType[unavailable](err); ok && e.Unavailable() {
		return newProblem(kindUnavailable, "The database can't be reached. Nothing was changed.").after(time.Second)
	}
	if e, ok := errors.AsType[unknown](err); ok && e.OutcomeUnknown() {
		return newProblem(kindUnavailable,
			"The database was lost while it kept the change, which may have been made or not: read before you repeat it.").after(time.Second)
	}
	return nil
}

// connecting maps the errors of connections and exchanges.
func (s *server) connecting(err error) *Problem {
	if e, ok := errors.AsType[*connection.NeedsReauthorizationError](err); ok {
		p := newProblem(kindReauthorize, e.Reason)
		p.ReauthorizeURL = s.reauthorizeURL(e.ID)
		if e.LastError != nil {
			p.Failure = lastFailure(e.LastError)
		}
		return p
	}
	if e, ok := errors.AsType[*connection.PendingError](err); ok {
		p := newProblem(kindPending, "Nobody has completed the connection's first consent.")
		p.ReauthorizeURL = s.reauthorizeURL(e.ID)
		return p
	}
	if _, ok := errors.AsType[*connection.DisabledError](err); ok {
		return newProblem(kindDisabled, "The connection was disabled; enable it to get tokens again.")
	}
	if e, ok := errors.AsType[*connection.StateError](err); ok {
		return newProblem(kindState, fmt.Sprintf("The connection is %s: it is not possible to %s it.", e.State, e.Act))
	}
	if e, ok := errors.AsType[*connection.ProviderError](err); ok {
		p := failed(e.Failure)
		if wait := e.RetryAt.Sub(s.Clock.Now()); !e.RetryAt.IsZero() && wait > 0 {
			p.after(wait)
		}
		return p
	}
	if e, ok := errors.AsType[*exchange.Failure](err); ok {
		return failed(e)
	}
	return s.holding(err)
}

// holding maps the errors of a provider that is not called: 424 as when it was, for the caller can do no more about it.
func (s *server) holding(err error) *Problem {
	var detail string
	var failure provider.Failure
	var host provider.Host
	var retryAt time.Time
	kind := exchange.ProviderDown
	if e, ok := errors.AsType[*provider.DownError](err); ok {
		detail, failure, host, retryAt = "The provider is down, or asked to be called later: it is not called until then.", e.Last, e.Host, e.RetryAt
	}
	if e, ok := errors.AsType[*provider.PausedError](err); ok {
		detail, failure, host, retryAt = "The provider refuses the client, whose connections are paused: see the incident at /api/v1/providers.", e.Last, e.Host, e.RetryAt
		kind = exchange.ClientDead
	}
	if e, ok := errors.AsType[*provider.BusyError](err); ok {
		detail, host, retryAt = "More calls wait for the provider than it is called with.", e.Host, e.RetryAt
		failure.Code = "busy"
	}
	if detail == "" {
		return nil
	}
	p := newProblem(kindDown, detail)
	p.Failure = &Failure{Kind: kind.String(), Code: failure.Code, Status: failure.Status, Endpoint: string(host), Description: failure.Description}
	return p.after(retryAt.Sub(s.Clock.Now()))
}

func denied(e *access.DeniedError) *Problem {
	if e.Sandbox != "" {
		return newProblem(kindSandbox, "The key is bound to another sandbox than the one that the request names.")
	}
	if e.Role != "" || e.Profile != "" {
		return newProblem(kindDenied, e.Error()+".")
	}
	return newProblem(kindDenied, fmt.Sprintf("The key lacks the scope %q.", e.Scope)).
		with("WWW-Authenticate", fmt.Sprintf(`Bearer realm="latchkey", error="insufficient_scope", scope="%s"`, e.Scope))
}

// defective tells what is wrong with a document or with fields. Warnings are left out: they keep nothing from
// happening.
func defective(problems destination.Problems) *Problem {
	items := lintItems(problems.AtLeast(destination.Unpublishable))
	kind := kindUnpublishable
	switch {
	case all(problems, func(p destination.Problem) bool { return strings.HasPrefix(p.Pointer, "/fields") }):
		kind = kindFields
	case all(problems, func(p destination.Problem) bool { return requestMembers[p.Pointer] }):
		return invalid(asked(items)...)
	case problems.HasRefused():
		kind = kindDefinition
	}
	p := newProblem(kind, count(len(items), "thing is", "things are")+" wrong; see errors.", items...)
	if len(items) == 1 {
		p.Detail = items[0].Message
	}
	return p
}

// requestMembers are what a request about connections can get wrong beside a connection's fields.
var requestMembers = map[string]bool{
	"/label": true, "/return_url": true, "/base_url": true, "/configuration": true, "/state": true, "/cursor": true, "/limit": true,
}

// asked says of what stands in the query that it does.
func asked(items []Item) []Item {
	for i, item := range items {
		if item.Pointer == "/state" || item.Pointer == "/cursor" || item.Pointer == "/limit" {
			items[i].Parameter, items[i].Pointer = item.Pointer[1:], ""
		}
		items[i].Severity = ""
	}
	return items
}

func all(problems destination.Problems, is func(destination.Problem) bool) bool {
	return len(problems) > 0 && !slices.ContainsFunc(problems, func(p destination.Problem) bool { return !is(p) })
}

func lintItems(problems destination.Problems) []Item {
	items := make([]Item, 0, len(problems))
	for _, p := range problems {
		items = append(items, Item{
			Pointer: p.Pointer, Message: p.Message, Fix: p.Fix, Severity: p.Severity.String(), Line: p.Line, Column: p.Column,
			Excerpt: p.Excerpt,
		})
	}
	return items
}

// failed tells how an exchange ended: 424 when the provider could not be reached, 422 when it said no.
func failed(f *exchange.Failure) *Problem {
	if f.Code == exchange.CannotSend {
		return unsendable(f)
	}
	kind, detail := kindRefused, refusals[f.Kind]
	if f.Kind == exchange.ProviderDown {
		kind, detail = kindDown, "The provider did not give an answer that tells anything."
	}
	p := newProblem(kind, detail)
	p.Failure = &Failure{
		Kind: f.Kind.String(), Code: f.Code, Status: f.Status, Endpoint: f.Endpoint,
		Description: f.Description, Validation: f.Validation,
	}
	if f.RetryAfter > 0 {
		p.after(f.RetryAfter)
	}
	return p
}

// unsendable tells of a request that could not be made, so that nobody was asked: 400, at the field whose value is in
// the way when it is one.
func unsendable(f *exchange.Failure) *Problem {
	item := Item{Message: f.Description, Fix: "Mend the definition; \"explain\" shows the requests that it makes."}
	if f.Field != "" {
		item.Pointer, item.Fix = "/fields/"+f.Field, "Give another value."
	}
	p := newProblem(kindFields, "The definition and the fields make no request that can be sent.", item)
	p.Failure = &Failure{Kind: f.Kind.String(), Code: f.Code, Endpoint: f.Endpoint, Description: f.Description}
	return p
}

// refusals say what each class of refusal means for whoever reads it.
var refusals = map[exchange.Kind]string{
	exchange.GrantDead:   "The provider does not accept the account's grant (any more): its name and password, its code or its refresh token.",
	exchange.ClientDead:  "The provider does not accept the client: check the client id, the client secret and how they are sent.",
	exchange.BadResponse: "The provider answered, but not with a token that the definition can read.",
	exchange.Denied:      "The provider denied the request: the account or the client lacks a right.",
}

func lastFailure(e *connection.LastError) *Failure {
	return &Failure{
		Kind: e.Kind.String(), Code: e.Code, Status: e.Status, Endpoint: e.Endpoint,
		Description: e.Description, Validation: e.Validation,
	}
}

// reauthorizeURL is where a new consent of the connection begins.
func (s *server) reauthorizeURL(id string) string {
	return s.base() + apiPrefix + "/connections/" + url.PathEscape(id) + "/reauthorize"
}
