package authority

import (
	"errors"
	"slices"
	"time"

	"latchkey/internal/project"
)

// refreshToken is RFC 6749 §6. Each refresh token is good once (RFC 9700 §4.14.2): it gets a successor, and the same one
// when it comes again within the grace, which is how an answer that was lost is asked for again. After that it says that
// two have it, and everything that came of the code ends.
func (x *exchange) refreshToken(f form) (granted, *fault) {
	client, secretID, refused := x.asClient(f)
	if refused != nil {
		return granted{}, refused
	}
	token, refused := x.readRefresh(f, client)
	if refused != nil {
		return granted{}, refused
	}
	person, refused := x.person(token.UserID)
	if refused != nil {
		return granted{}, refused
	}
	asked, refused := narrowed(f, client, token)
	if refused != nil {
		return granted{}, refused
	}
	family, refused := x.rotate(token)
	if refused != nil {
		return granted{}, refused
	}
	person.SignedInAt = family.SignedInAt
	out := granted{proof: secretID, issue: issue{
		client: client, user: person.ID, scopes: asked, life: x.config.AccessLife, audience: family.Audience, family: family.ID, signedInAt: family.SignedInAt,
	}}
	out.after = x.personal(person, family, "")
	return out, nil
}

// readRefresh takes a refresh token of the client's.
func (x *exchange) readRefresh(f form, client *project.Client) (*Token, *fault) {
	text := f.get("refresh_token")
	if text == "" {
		return nil, invalidRequest("The refresh_token is missing.")
	}
	_, token, err := x.open(text)
	switch {
	case err != nil || token.Type != typeRefresh:
		return nil, invalidGrant("The refresh_token is not one of this server's.")
	case token.ClientID != client.ClientID:
		return nil, invalidGrant("The refresh_token was given to another client.")
	case !x.config.Clock.Now().Before(token.ExpiresAt):
		return nil, invalidGrant("The refresh_token has ended.")
	}
	return token, nil
}

// narrowed reads the scopes of a refresh: those that were granted, or fewer (RFC 6749 §6), and no more than the client may
// have by now.
func narrowed(f form, client *project.Client, token *Token) ([]string, *fault) {
	asked := scopes(f.get("scope"))
	if len(asked) == 0 {
		asked = token.Scopes
	}
	if refused := within(asked, token.Scopes); refused != nil {
		refused.says = "A scope is not one of those that the person agreed to."
		return nil, refused
	}
	return slices.DeleteFunc(slices.Clone(asked), func(scope string) bool { return !slices.Contains(client.Scopes, scope) }), nil
}

// rotate gives the family with its new refresh token: a new one, or that of a moment ago.
func (x *exchange) rotate(token *Token) (Family, *fault) {
	now := x.config.Clock.Now().Truncate(time.Millisecond)
	endsAt := now.Add(max(x.config.RefreshLife, x.config.AccessLife))
	family, err := x.config.Store.Rotate(x.r.Context(), token.Family, token.Generation, now, endsAt)
	if errors.Is(err, ErrNotCurrent) {
		return x.successor(token, now)
	}
	if err != nil {
		return family, x.unable("rotating a refresh token", err)
	}
	return family, nil
}

// successor judges a refresh token that is not the newest.
func (x *exchange) successor(token *Token, now time.Time) (Family, *fault) {
	family, err := x.config.Store.Family(x.r.Context(), token.Family)
	switch {
	case errors.Is(err, ErrNoFamily):
		return family, invalidGrant("The refresh_token has ended.")
	case err != nil:
		return family, x.unable("reading a refresh token's family", err)
	case !family.EndedAt.IsZero():
		return family, invalidGrant("The refresh_token was revoked.")
	case token.Generation == family.Generation-1 && now.Sub(family.RotatedAt) <= x.config.RefreshGrace:
		return family, nil
	}
	if refused := x.endFamily(family.ID, family.ClientID, EndReused); refused != nil {
		return family, refused
	}
	x.config.Log.WarnContext(x.r.Context(), "a refresh token was used twice; all that came of its code is revoked", "debug_id", x.debug,
		"client", family.ClientID, "family", family.ID, "after", now.Sub(family.RotatedAt).String())
	return family, invalidGrant("The refresh_token was used before; all that came of its code has been revoked.")
}

// personal adds to an answer what a person's grant has: the refresh token, the id_token, and at the older routes the
// profile (spec §2.3).
func (x *exchange) personal(person Person, family Family, nonce string) func(issue, string, map[string]any) error {
	return func(i issue, access string, body map[string]any) (err error) {
		body["sub"], body["scope"] = person.ID, joined(i.scopes)
		if family.Generation > 0 {
			if body["refresh_token"], err = x.mintRefresh(i, family); err != nil {
				return err
			}
		}
		if slices.Contains(i.scopes, "openid") {
			body["id_token"], err = x.mintIDToken(identity{client: i.client, person: person, scopes: i.scopes, nonce: nonce, access: access})
		}
		if x.route.millis {
			for name, value := range attributes(person) {
				body[name] = value
			}
		}
		return err
	}
}

// attributes are a person's as IMS tells them.
func attributes(p Person) map[string]any {
	return map[string]any{
		"userId": p.ID, "email": p.Email, "emailVerified": "true", "displayName": p.Name, "name": p.Name,
		"first_name": p.FirstName, "last_name": p.LastName, "countryCode": "", "account_type": "type3",
	}
}
