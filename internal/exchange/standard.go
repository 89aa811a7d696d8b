package exchange

import (
	"encoding/base64"
	"strings"

	"latchkey/internal/destination"
)

// parameter is a form parameter that keeps its place.
type parameter struct{ name, value string }

// encodeForm writes parameters in their order; those without a value are left out.
func encodeForm(params []parameter) string {
	var b strings.Builder
	for _, p := range params {
		if p.value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(formEncode(p.name) + "=" + formEncode(p.value))
	}
	return b.String()
}

// standard makes the token request of an RFC 6749 grant.
func (x *round) standard(request *destination.Request, address string) (*wire, error) {
	w := &wire{method: "POST", url: address, contentType: formType}
	w.usual()
	value := func(name string) string { return reveal(x.data[name]) }
	params := []parameter{{"grant_type", string(request.Kind)}}
	needs := []string{}
	switch request.Kind {
	case destination.StandardCode: // RFC 6749 §4.1.3
		params = append(params, parameter{"code", value("code")}, parameter{"redirect_uri", value("redirectUri")},
			parameter{"code_verifier", value("codeVerifier")})
		needs = append(needs, "code")
	case destination.StandardPassword: // §4.3.2
		params = append(params, parameter{"username", value("username")}, parameter{"password", value("password")},
			parameter{"scope", x.scope})
		needs = append(needs, "username", "password")
	case destination.StandardCredentials: // §4.4.2
		params = append(params, parameter{"scope", x.scope})
	case destination.StandardRefresh: // §6
		params = append(params, parameter{"refresh_token", value(nameRefreshToken)})
		needs = append(needs, nameRefreshToken)
	case destination.StandardRevocation: // RFC 7009 §2.1
		params = []parameter{{"token", value(x.revokes)}, {"token_type_hint", hintOf[x.revokes]}}
	}
	id, password := value("clientId"), value("clientSecret")
	switch x.plan.ClientAuth().Method {
	case destination.BasicAuth:
		needs = append(needs, "clientId", "clientSecret")
		w.headers = append(w.headers, Header{"Authorization", x.basic(id, password)})
		w.noteComputed(x, "the header Authorization")
	case destination.NoAuth:
		params = append(params, parameter{"client_id", id})
	default:
		needs = append(needs, "clientId", "clientSecret")
		params = append(params, parameter{"client_id", id}, parameter{"client_secret", password})
	}
	for _, name := range needs {
		if strings.TrimSpace(value(name)) == "" {
			return nil, x.refuse(request.Pointer, "authData."+name+" is empty, and the request needs it")
		}
	}
	w.body = encodeForm(params)
	return w, nil
}

// hintOf gives the token_type_hint of a token of authData (RFC 7009 §2.1).
var hintOf = map[string]string{nameRefreshToken: "refresh_token", nameAccessToken: "access_token"}

// basic makes the value of Authorization: id and secret as they are, as Adobe documents, or encoded first (RFC 6749
// §2.3.1).
func (x *round) basic(id, password string) string {
	if x.plan.ClientAuth().FormEncoded {
		id, password = formEncode(id), formEncode(password)
	}
	pair := base64.StdEncoding.EncodeToString([]byte(id + ":" + password))
	x.hide(pair)
	return "Basic " + pair
}
