package authority

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/project"
)

// grantTokenExchange is RFC 8693's, for services: what was called with a token gets one of its own, to call on for the same
// subject. It can do what both of them may, lives no longer than the one that it came from, ends when that is revoked, and says
// who acts.
const grantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

// The token types (RFC 8693 §3) that come in and go out: access tokens, which are JWTs here.
const (
	tokenTypeAccess = "urn:ietf:params:oauth:token-type:access_token"
	tokenTypeJWT    = "urn:ietf:params:oauth:token-type:jwt"
)

// shortest is a life that can be told: expires_in is a second short.
const shortest = 2 * time.Second

// maxActors bounds a chain of exchanges, and with it the size of tokens.
const maxActors = 8

// delegation is what a token that was exchanged says beside.
type delegation struct {
	Act *actor `json:"act,omitempty"`
	// Origins are the ids of the tokens that it came from, and of what a person granted: it counts while none is revoked.
	Origins []string `json:"origins,omitempty"`
}

// lineage gives what a token that comes of this one ends with.
func (t *Token) lineage() []string {
	out := append(slices.Clone(t.Origins), t.ID)
	if t.Family != "" {
		out = append(out, t.Family)
	}
	return out
}

// actor is who acts for a token's subject, and for whom that one acted before (RFC 8693 §4.1).
type actor struct {
	Subject  string `json:"sub"`
	ClientID string `json:"client_id,omitempty"`
	Act      *actor `json:"act,omitempty"`
}

// tokenExchange is RFC 8693 §2.
func (x *exchange) tokenExchange(f form) (granted, *fault) {
	client, proof, refused := x.authenticate(f)
	if refused != nil {
		return granted{}, refused
	}
	if !client.Kind.Enterprise() {
		return granted{}, (&fault{status: http.StatusBadRequest, code: "unauthorized_client", says: "The client may not exchange tokens: it is no service."}).
			because("kind", client.Kind)
	}
	issuedType, refused := requestedType(f)
	if refused != nil {
		return granted{}, refused
	}
	subject, refused := x.partyToken(f, "subject_token", client)
	if refused != nil {
		return granted{}, refused
	}
	act, refused := x.actorFor(f, subject, client)
	if refused != nil {
		return granted{}, refused
	}
	out := issue{client: client, user: subject.UserID, delegation: delegation{act, subject.lineage()}}
	if out.scopes, refused = inCommon(f, subject, client); refused != nil {
		return granted{}, refused
	}
	if out.audience, refused = x.target(f, subject); refused != nil {
		return granted{}, refused
	}
	out.life = min(x.config.AccessLife, subject.ExpiresAt.Sub(x.config.Clock.Now()))
	if out.life < shortest {
		return granted{}, invalidRequest("The subject_token is about to end.")
	}
	return granted{proof: proof, issue: out, tell: true, more: map[string]any{"issued_token_type": issuedType}}, nil
}

// requestedType gives the type of the token to issue: an access token, unless a JWT is asked for, which ours is as well.
func requestedType(f form) (string, *fault) {
	switch asked := f.get("requested_token_type"); asked {
	case "":
		return tokenTypeAccess, nil
	case tokenTypeAccess, tokenTypeJWT:
		return asked, nil
	}
	return "", invalidRequest("The requested_token_type is neither access_token nor jwt.")
}

// partyToken reads the subject's token or the actor's. Any that does not count is the request's fault (RFC 8693 §2.2.2).
func (x *exchange) partyToken(f form, name string, client *project.Client) (*Token, *fault) {
	text, kind := f.get(name), f.get(name+"_type")
	switch {
	case text == "":
		return nil, invalidRequest("The " + name + " is missing.")
	case kind == "":
		return nil, invalidRequest("The " + name + "_type is missing.")
	case kind != tokenTypeAccess && kind != tokenTypeJWT:
		return nil, invalidRequest("The " + name + "_type is neither access_token nor jwt.")
	}
	refuse := func(why ...any) *fault {
		return invalidRequest("The " + name + " does not count, or is not one to exchange.").because(why...)
	}
	token, err := x.check(text)
	switch {
	case err != nil:
		return nil, refuse("reason", err.Error())
	case token.Organization != client.Organization:
		return nil, refuse("reason", "it is of another organization")
	}
	owner, err := x.config.Clients.Client(x.r.Context(), token.ClientID)
	if err != nil || !owner.Enabled { // what it would come to lives on under another name
		return nil, refuse("reason", "its client is gone or disabled", "token_client", token.ClientID)
	}
	if token.ofPerson() {
		if _, gone := x.owner(token); gone != nil {
			if gone.code == "invalid_token" {
				gone = refuse(gone.why...)
			}
			return nil, gone
		}
	}
	return token, nil
}

// actorFor says who will act: the exchanging client, or whom the actor_token is about; with those before in the chain. The
// subject's token may say who may (RFC 8693 §4.4).
func (x *exchange) actorFor(f form, subject *Token, client *project.Client) (*actor, *fault) {
	acts := &actor{Subject: client.TechnicalAccount.ID, ClientID: client.ClientID, Act: subject.Act}
	switch {
	case f.get("actor_token") != "":
		token, refused := x.partyToken(f, "actor_token", client)
		if refused != nil {
			return nil, refused
		}
		acts.Subject, acts.ClientID = token.UserID, token.ClientID
	case f.get("actor_token_type") != "": // RFC 8693 §2.1
		return nil, invalidRequest("The actor_token_type comes without an actor_token.")
	}
	if !x.mayAct(subject, acts, client) {
		return nil, invalidRequest("The subject_token names another who may act.").because("actor", acts.Subject, "actor_client", acts.ClientID)
	}
	length := 0
	for a := acts; a != nil; a = a.Act {
		length++
	}
	if length > maxActors {
		return nil, invalidRequest("The subject_token was exchanged too often.").because("at_most", maxActors)
	}
	return acts, nil
}

// mayAct tells whether a subject's token leaves it open who may act, or names the actor in may_act: by one claim that says who
// at least, and by none that is not the actor's.
func (x *exchange) mayAct(subject *Token, acts *actor, client *project.Client) bool {
	var said struct {
		MayAct json.RawMessage `json:"may_act"`
	}
	if json.Unmarshal(subject.claims, &said) != nil {
		return false
	}
	if said.MayAct == nil {
		return true
	}
	var who map[string]any
	ok := json.Unmarshal(said.MayAct, &who) == nil
	_, bySubject := who["sub"]
	_, byClient := who["client_id"]
	for name, value := range who {
		text, _ := value.(string)
		switch name {
		case "sub":
			ok = ok && text == acts.Subject
		case "client_id":
			ok = ok && text == acts.ClientID
		case "iss":
			ok = ok && x.ours(text)
		case "org":
			ok = ok && text == client.Organization
		default:
			ok = false
		}
	}
	return ok && (bySubject || byClient)
}

// inCommon gives the scopes: of those that the subject's token has and the client may have, the ones that are asked for.
func inCommon(f form, subject *Token, client *project.Client) ([]string, *fault) {
	both := slices.DeleteFunc(slices.Clone(subject.Scopes), func(scope string) bool { return !slices.Contains(client.Scopes, scope) })
	asked := scopes(f.get("scope"))
	if len(asked) == 0 {
		asked = both
	}
	if len(both) == 0 {
		return nil, (&fault{status: http.StatusBadRequest, code: "invalid_scope", says: "The subject_token and the client have no scope in common."}).
			because("subject", subject.Scopes, "client", client.Scopes)
	}
	return asked, within(asked, both)
}

// target reads whom the token is to be for, by resource (a URI) or audience (RFC 8693 §2.1): this server alone is one that we
// know. A token that is for somebody alone is not made one for others.
func (x *exchange) target(f form, subject *Token) ([]string, *fault) {
	var out []string
	for _, name := range append(slices.Clone(f.values["resource"]), f.values["audience"]...) {
		if !x.ours(strings.TrimRight(name, "/")) {
			return nil, (&fault{status: http.StatusBadRequest, code: "invalid_target", says: "A resource or audience is none that tokens are issued for."}).
				because("asked", shown(name), "known", x.config.Issuers)
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return subject.Audience, nil
	}
	return out, nil
}
