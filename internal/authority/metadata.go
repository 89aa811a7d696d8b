package authority

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/project"
)

// metadata is what a client that registers itself says of itself. Members that are not here are passed over (RFC 7591 §2),
// and the answer has those alone that count.
type metadata struct {
	Name          string   `json:"client_name"`
	RedirectURIs  []string `json:"redirect_uris"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types"`
	Scope         string   `json:"scope"`
	// ApplicationType is OpenID Connect's: web or native.
	ApplicationType string `json:"application_type"`
}

const (
	authNone  = "none"
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
	// maxRedirects bounds the list.
	maxRedirects = 20
)

// credential reads what is to be made. owned says that an initial access token was brought: without, nobody gets a client that
// acts for itself.
func (m *metadata) credential(owned bool) (project.NewCredential, *fault) {
	m.complete()
	for _, part := range []func() *fault{m.checkAuth, m.checkGrants, m.checkRedirects} {
		if refused := part(); refused != nil {
			return project.NewCredential{}, refused
		}
	}
	want := project.NewCredential{Name: cut(strings.TrimSpace(m.Name), 45), Kind: m.kind()}
	if want.Name == "" {
		want.Name = "Registered client"
	}
	if want.Kind == project.OAuthServerToServer {
		if !owned {
			return want, badMetadata("A client with the grant client_credentials needs an initial access token to register.")
		}
		return want, nil
	}
	want.Redirect.Default = m.RedirectURIs[0]
	for _, uri := range m.RedirectURIs[1:] {
		want.Redirect.Patterns = append(want.Redirect.Patterns, regexp.QuoteMeta(uri))
	}
	return want, nil
}

// complete fills in what is left out, as RFC 7591 §2 has it.
func (m *metadata) complete() {
	if m.AuthMethod == "" {
		m.AuthMethod = authBasic
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{grantCode}
	}
	if len(m.ResponseTypes) == 0 {
		m.ResponseTypes = []string{"code"}
	}
}

func (m *metadata) checkAuth() *fault {
	switch {
	case !slices.Contains([]string{authNone, authBasic, authPost}, m.AuthMethod):
		return badMetadata("The token_endpoint_auth_method is one of none, client_secret_basic and client_secret_post; certificates for private_key_jwt are added in the developer console.")
	case !slices.Contains([]string{"", "web", "native"}, m.ApplicationType):
		return badMetadata("The application_type is one of web and native.")
	}
	return nil
}

// checkGrants leaves out what there is not for such a client, which the answer shows, and holds grant types and response types
// together (RFC 7591 §2.1).
func (m *metadata) checkGrants() *fault {
	grants, responses := []string{grantCode, grantRefresh, grantImplicit, project.GrantClientCredentials}, responseTypes
	if m.AuthMethod == authNone {
		grants = []string{grantCode, grantImplicit}
	} else { // whoever has a secret gets its tokens by a code
		responses = slices.DeleteFunc(slices.Clone(responses), func(r string) bool { return slices.Contains(strings.Fields(r), "token") })
	}
	m.GrantTypes, m.ResponseTypes = those(m.GrantTypes, grants), those(m.ResponseTypes, responses)
	switch {
	case len(m.GrantTypes) == 0:
		return badMetadata("None of the grant_types is for a client with this token_endpoint_auth_method: those are " + strings.Join(grants, ", ") + ".")
	case m.acts() && len(m.GrantTypes) > 1:
		return badMetadata("A client acts for itself, by client_credentials, or for people; register one for each.")
	case m.acts():
		return nil
	case len(m.ResponseTypes) == 0:
		return badMetadata("None of the response_types is for a client with this token_endpoint_auth_method: those are " + strings.Join(responses, ", ") + ".")
	}
	for _, returns := range m.ResponseTypes {
		for _, word := range strings.Fields(returns) {
			if grant := map[bool]string{true: grantCode, false: grantImplicit}[word == "code"]; !slices.Contains(m.GrantTypes, grant) {
				return badMetadata("The response_types and grant_types do not belong together: code needs authorization_code, token and id_token need implicit.")
			}
		}
	}
	return nil
}

// checkRedirects looks at what a credential's redirect has no place for; the rest is the developer console's to judge.
func (m *metadata) checkRedirects() *fault {
	invalid := func(says string) *fault {
		return &fault{status: http.StatusBadRequest, code: "invalid_redirect_uri", says: says}
	}
	switch {
	case m.acts() && len(m.RedirectURIs) > 0:
		return invalid("A client with the grant client_credentials has no redirect_uris.")
	case !m.acts() && len(m.RedirectURIs) == 0:
		return invalid("The redirect_uris are missing.")
	case len(m.RedirectURIs) > maxRedirects:
		return invalid("There are more than 20 redirect_uris.")
	}
	for _, uri := range m.RedirectURIs {
		if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
			return invalid("A redirect URI has white space, a backslash or another character in it that no URI has.")
		}
	}
	return nil
}

// acts tells whether the client acts for itself.
func (m *metadata) acts() bool { return slices.Contains(m.GrantTypes, project.GrantClientCredentials) }

// kind gives what sort of credential it is: without a secret, what it is served from tells.
func (m *metadata) kind() project.Kind {
	switch {
	case m.acts():
		return project.OAuthServerToServer
	case m.AuthMethod != authNone:
		return project.OAuthWebApp
	case m.ApplicationType == "native", slices.ContainsFunc(m.RedirectURIs, func(uri string) bool { u, err := url.Parse(uri); return err == nil && u.Scheme != "https" }):
		return project.OAuthNativeApp
	}
	return project.OAuthSinglePageApp
}

// registered is the answer: what counts, whatever was asked for (RFC 7591 §3.2.1).
func (m *metadata) registered(c project.Credential) map[string]any {
	scopes, _ := c.Scopes(nil)
	out := map[string]any{
		"client_id": c.ClientID, "client_id_issued_at": c.CreatedAt.Unix(), "client_name": c.Name,
		"token_endpoint_auth_method": m.AuthMethod, "grant_types": m.GrantTypes, "scope": strings.Join(scopes, " "),
	}
	if len(c.Secrets) > 0 {
		out["client_secret"], out["client_secret_expires_at"] = c.Secrets[0].Value.Reveal(), 0
	}
	if !m.acts() {
		out["redirect_uris"], out["response_types"] = m.RedirectURIs, m.ResponseTypes
	}
	return out
}

// those gives the texts of a list that are in another.
func those(list, in []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return !slices.Contains(in, one) })
}

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
