package authority

import (
	"net/http"

	"latchkey/internal/project"
)

// grantJWTBearer is RFC 7523 §2.1's: an assertion that the client signed itself is the grant. IMS's exchange of one has routes
// and rules of its own.
const grantJWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// jwtBearer gives a token for the technical account that an assertion is about. Who signed is proven by it, so that the client
// need not authenticate beside; where it does, that has to be right (RFC 7521 §4.1).
func (x *exchange) jwtBearer(f form) (granted, *fault) {
	text := f.get("assertion")
	if text == "" {
		return granted{}, invalidRequest("The assertion is missing.")
	}
	client, refused := x.bearerClient(f, text)
	if refused != nil {
		return granted{}, refused
	}
	if !client.Kind.Enterprise() {
		return granted{}, (&fault{status: http.StatusBadRequest, code: "unauthorized_client", says: "The client may not use the jwt-bearer grant."}).
			because("kind", client.Kind)
	}
	binding, refused := x.bearerOf(client, text)
	if refused != nil {
		return granted{}, refused
	}
	return x.forItself(f, client, binding)
}

// refuseGrant is RFC 7523 §3.1's error; why is for the decision log.
func refuseGrant(why []any) *fault {
	return (&fault{status: http.StatusBadRequest, code: "invalid_grant", says: "The assertion is not accepted; the organization's log says why."}).because(why...)
}

// bearerClient finds the client: the one that authenticates, that client_id names, or that the assertion names as its issuer.
func (x *exchange) bearerClient(f form, text string) (*project.Client, *fault) {
	if f.authenticates() {
		client, proof, refused := x.authenticate(f)
		if refused == nil {
			x.config.Clients.Used(client, project.Use{Grant: grantJWTBearer, From: x.from()}, proof, x.config.Clock.Now())
		}
		return client, refused
	}
	named := f.get("client_id") != ""
	if !named {
		a, why := unproven(text)
		if why != nil {
			return nil, refuseGrant(why)
		}
		f.values.Set("client_id", a.text("iss"))
	}
	client, refused := x.identify(f)
	if refused != nil && refused.code == "invalid_client" && !named { // it is the assertion that is wrong
		return nil, refuseGrant([]any{"reason", "the iss is no client that gets tokens", "says", refused.says})
	}
	if refused == nil && !x.tries.allowed(x.place(client)) {
		return nil, &fault{status: http.StatusBadRequest, code: "invalid_client", says: "Too many wrong secrets came from there; wait a minute."}
	}
	return client, refused
}

// bearerOf checks a client's assertion as a grant, and gives the id of the certificate's binding. Its subject is the technical
// account and never the client, so that it is no client's authentication, and none of those is a grant.
func (x *exchange) bearerOf(client *project.Client, text string) (bindingID string, refused *fault) {
	account := client.TechnicalAccount.ID
	a, binding, why := x.proven(text, client)
	if why == nil && a.text("iss") != client.ClientID && a.text("iss") != account {
		why = []any{"reason", "the iss is neither the client_id nor the technical account", "iss", shown(a.text("iss")), "expected", client.ClientID}
	}
	if why == nil && a.text("sub") != account {
		why = []any{"reason", "the sub is not the technical account", "sub", shown(a.text("sub")), "expected", account}
	}
	if why != nil {
		return "", refuseGrant(why).because("credential", client.Credential)
	}
	if why, refused = x.single(a, client, binding.RequireJTI); why != nil {
		refused = refuseGrant(why).because("credential", client.Credential)
	}
	return binding.ID, refused
}
