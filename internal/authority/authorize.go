package authority

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/project"
)

const (
	authorizePath = "/ims/authorize/v2"
	decisionPath  = "/ims/authorize/decision"
	// sinceParameter says in the address that a sign-in leads back to when that was asked for: a person who signed in
	// later has done what prompt=login wants. Whoever forges it could leave out the prompt as well.
	sinceParameter = "signed_in_since"
	offline        = "offline_access"
)

// withPeople keeps a route for servers that have pages.
func withPeople(serve func(*Server, *exchange)) func(*Server, *exchange) {
	return func(s *Server, x *exchange) {
		if s.browser == nil || s.config.People == nil {
			x.fail(&fault{status: http.StatusNotFound, code: "not_found", says: "People can't sign in at this server."})
			return
		}
		serve(s, x)
	}
}

// authorize is where a client sends a person's browser (RFC 6749 §3.1).
func (s *Server) authorize(x *exchange) {
	f, refused := x.form()
	if refused != nil {
		x.refuse(refused)
		return
	}
	a, refused := x.mayRedirect(f)
	if refused != nil {
		x.refuse(refused)
		return
	}
	if refused := x.examine(a); refused != nil {
		x.refuseBack(a, refused)
		return
	}
	person, ok := x.signedIn(a)
	if !ok {
		return
	}
	agreed, refused := x.agreed(a, person)
	switch {
	case refused != nil:
		x.refuseBack(a, refused)
	case agreed && !a.prompted("consent"):
		x.grantTo(a, person)
	case a.prompted("none"):
		x.refuseBack(a, &fault{code: "consent_required", says: "The person has not agreed to the scopes yet."})
	default:
		x.ask(a, person)
	}
}

// signedIn gives the person, or sees to it that there is one: then the answer is given already.
func (x *exchange) signedIn(a *authorization) (Person, bool) {
	person, ok := x.browser.Person(x.r)
	now := x.config.Clock.Now()
	since, err := strconv.ParseInt(a.form.get(sinceParameter), 10, 64)
	fresh := err == nil && person.SignedInAt.UnixMilli() >= since
	switch {
	case ok && !fresh && (a.prompted("login") || a.prompted("select_account") || a.maxAge >= 0 && now.Sub(person.SignedInAt) > a.maxAge):
		ok = false
	case ok && person.Organization != a.client.Organization:
		if !a.prompted("none") {
			x.refuse((&fault{status: http.StatusForbidden, code: "access_denied", says: "The application belongs to another organization than the account that is signed in."}).
				because("organization", person.Organization))
			return Person{}, false
		}
		ok = false
	}
	switch {
	case ok:
	case a.prompted("none"):
		x.refuseBack(a, &fault{code: "login_required", says: "Nobody is signed in, or the sign-in is too old."})
	default:
		x.browser.SignIn(x.w, x.r, a.again(now))
	}
	return person, ok
}

// agreed tells whether the person has agreed to all the scopes before.
func (x *exchange) agreed(a *authorization, person Person) (bool, *fault) {
	known, err := x.config.Store.Consent(x.r.Context(), person.ID, a.client.ClientID)
	if err != nil {
		return false, x.unable("reading a consent", err)
	}
	return !slices.ContainsFunc(a.scopes, func(scope string) bool { return !slices.Contains(known, scope) }), nil
}

// unable is a fault of our own, which the log tells of.
func (x *exchange) unable(doing string, err error) *fault {
	x.config.Log.ErrorContext(x.r.Context(), doing, "debug_id", x.debug, "error", err)
	return &fault{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", says: "The server can't do that at present; try again."}
}

// ask shows what the client wants.
func (x *exchange) ask(a *authorization, person Person) {
	organization, err := x.config.Organizations(x.r.Context(), a.client.Organization)
	if err != nil {
		x.refuseBack(a, x.unable("reading an organization", err))
		return
	}
	fields := map[string]string{}
	for name, values := range a.form.values {
		if name != "resource" { // the one that may repeat; blanks separate what can have none
			fields[name] = values[0]
		}
	}
	if len(a.form.values["resource"]) > 0 {
		fields["resource"] = strings.Join(a.form.values["resource"], " ")
	}
	x.browser.Consent(x.w, x.r, Consent{
		Person: person, Client: a.client.Name, Organization: organization.Name, Scopes: a.scopes, Redirect: a.redirect,
		Action: decisionPath, Fields: fields,
	})
}

// answered takes the person's answer. The form carries the request, which is checked anew.
func (s *Server) answered(x *exchange) {
	if !s.browser.OwnForm(x.r) {
		x.refuse(&fault{status: http.StatusForbidden, code: "access_denied", says: "The form does not come from a page of this server, or is too old. Begin again where you came from."})
		return
	}
	f := form{values: url.Values{}}
	for name, values := range x.r.PostForm {
		f.values[name] = slices.Clone(values[:1])
	}
	if resources := strings.Fields(f.get("resource")); len(resources) > 0 {
		f.values["resource"] = resources
	}
	a, refused := x.mayRedirect(f)
	if refused != nil {
		x.refuse(refused)
		return
	}
	if refused := x.examine(a); refused != nil {
		x.refuseBack(a, refused)
		return
	}
	person, ok := s.browser.Person(x.r)
	switch {
	case !ok || person.Organization != a.client.Organization:
		s.browser.SignIn(x.w, x.r, a.again(x.config.Clock.Now()))
	case f.get("decision") != "allow":
		x.refuseBack(a, &fault{code: "access_denied", says: "The person said no."})
	default:
		err := s.config.Store.KeepConsent(x.r.Context(), Consented{
			User: person.ID, ClientID: a.client.ClientID, Organization: a.client.Organization, Scopes: a.scopes, At: x.config.Clock.Now(),
		})
		if err != nil {
			x.refuseBack(a, x.unable("keeping a consent", err))
			return
		}
		x.grantTo(a, person)
	}
}

// grantTo answers with what the client asked for.
func (x *exchange) grantTo(a *authorization, person Person) {
	answer := url.Values{}
	var code, access string
	var err error
	if slices.Contains(a.returns, "code") {
		if code, err = x.mintCode(a, person); err == nil {
			answer.Set("code", code)
		}
	}
	if err == nil && slices.Contains(a.returns, "token") {
		x.grant = grantImplicit
		i := issue{client: a.client, user: person.ID, scopes: a.scopes, life: x.config.AccessLife, audience: a.audience}
		i.scopes = meaningful(i)
		if access, err = x.mint(i); err == nil {
			x.counted(a.client, "", a.audience)
			answer.Set("access_token", access)
			answer.Set("token_type", "bearer")
			answer.Set("expires_in", strconv.FormatInt(int64(x.config.AccessLife/time.Second)-1, 10))
			answer.Set("scope", joined(i.scopes))
		}
	}
	if err == nil && slices.Contains(a.returns, "id_token") {
		var id string
		if id, err = x.mintIDToken(identity{client: a.client, person: person, scopes: a.scopes, nonce: a.nonce, access: access, code: code}); err == nil {
			answer.Set("id_token", id)
		}
	}
	if err != nil {
		x.refuseBack(a, x.unable("minting a code", err))
		return
	}
	x.back(a, answer)
}

// person reads the person that a grant is for; one who is not there any more has granted nothing.
func (x *exchange) person(id string) (Person, *fault) {
	person, err := x.config.People(x.r.Context(), id)
	switch {
	case errors.Is(err, ErrNoPerson):
		return Person{}, invalidGrant("The person who granted it is disabled or deleted.")
	case err != nil:
		return Person{}, x.unable("reading a person", err)
	}
	return person, nil
}

func invalidGrant(says string) *fault {
	return &fault{status: http.StatusBadRequest, code: "invalid_grant", says: says}
}

// asClient finds the client of a request that public clients make, too: one that can keep a secret proves itself.
func (x *exchange) asClient(f form) (client *project.Client, secretID string, refused *fault) {
	client, refused = x.identify(f)
	if refused == nil && client.Kind.Confidential() {
		return x.authenticate(f)
	}
	return client, "", refused
}
