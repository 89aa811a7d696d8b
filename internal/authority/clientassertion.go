package authority

import (
	"net/http"

	"latchkey/internal/project"
)

// private_key_jwt (RFC 7523 §2.2, OpenID Connect Core §9): a client proves itself by a JWT about itself, signed with the key of
// a certificate that it is bound to.

const privateKeyJWT = "private_key_jwt"

const jwtBearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// asserts tells whether the client means to prove itself by an assertion.
func (f form) asserts() bool {
	return f.get("client_assertion") != "" || f.get("client_assertion_type") != ""
}

// authenticates tells whether the client means to prove itself at all.
func (f form) authenticates() bool { return f.get("client_secret") != "" || f.asserts() }

// clientID gives the client that is named: by its parameter, or by its assertion alone (RFC 7521 §4.2).
func (f form) clientID() string {
	if id := f.get("client_id"); id != "" || f.get("client_assertion") == "" {
		return id
	}
	a, why := unproven(f.get("client_assertion"))
	if why != nil {
		return ""
	}
	return a.text("sub")
}

// assertionOf checks a client's assertion, and gives the id of the certificate's binding. The client is the one that was named,
// by whichever way: the assertion has to be about it.
func (x *exchange) assertionOf(client *project.Client, f form) (bindingID string, refused *fault) {
	if f.basic || f.get("client_secret") != "" { // RFC 6749 §2.3
		return "", invalidRequest("The client authenticates in two ways; send one.")
	}
	if f.get("client_assertion") == "" || f.get("client_assertion_type") == "" {
		return "", invalidRequest("client_assertion and client_assertion_type belong together; one is missing.")
	}
	refuse := func(why []any) *fault {
		return (&fault{status: http.StatusUnauthorized, code: "invalid_client", says: "The client_assertion is not accepted; the organization's log says why."}).
			because(why...).because("credential", client.Credential)
	}
	if f.get("client_assertion_type") != jwtBearerAssertion {
		return "", refuse([]any{"reason", "the client_assertion_type is not " + jwtBearerAssertion})
	}
	a, binding, why := x.proven(f.get("client_assertion"), client)
	if why == nil && (a.text("iss") != client.ClientID || a.text("sub") != client.ClientID) {
		why = []any{"reason", "iss and sub are not both the client_id", "iss", shown(a.text("iss")), "sub", shown(a.text("sub")), "expected", client.ClientID}
	}
	if why != nil {
		return "", refuse(why)
	}
	if why, away := x.single(a, client, true); away != nil || why != nil {
		if away == nil {
			away = refuse(why)
		}
		return "", away
	}
	return binding.ID, nil
}
