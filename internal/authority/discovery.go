package authority

import (
	"net/http"
	"net/url"
	"slices"
)

// issuer gives the base URL under which the client knows the server: the one that it called by, else the first. What discovery
// tells there, and tokens say, is the same name (RFC 8414 §3.3).
func (x *exchange) issuer() string {
	if found, ok := x.hosts[x.r.Host]; ok {
		return found
	}
	return x.config.Issuers[0]
}

// byHost gives base URLs by their hosts; of two with the same, the first.
func byHost(issuers []string) map[string]string {
	out := map[string]string{}
	for _, issuer := range slices.Backward(issuers) {
		if u, err := url.Parse(issuer); err == nil && u.Path == "" {
			out[u.Host] = issuer
		}
	}
	return out
}

// discovery is OpenID Connect's and RFC 8414's document, under IMS's path and under the standard ones.
func (s *Server) discovery(x *exchange) {
	base := x.issuer()
	var grantTypes []string
	for grant := range grants() {
		grantTypes = append(grantTypes, grant)
	}
	slices.Sort(grantTypes)
	x.w.Header().Set("Cache-Control", "public, max-age=300")
	document := map[string]any{
		"issuer":                                        base,
		"token_endpoint":                                base + "/ims/token/v3",
		"userinfo_endpoint":                             base + "/ims/userinfo/v2",
		"revocation_endpoint":                           base + "/ims/revoke",
		"introspection_endpoint":                        base + "/ims/introspect",
		"jwks_uri":                                      base + "/ims/keys",
		"grant_types_supported":                         grantTypes,
		"subject_types_supported":                       []string{"public"},
		"id_token_signing_alg_values_supported":         []string{rs256},
		"scopes_supported":                              []string{"openid", "email", "profile", "address", offline},
		"token_endpoint_auth_methods_supported":         []string{"client_secret_basic", "client_secret_post", privateKeyJWT},
		"revocation_endpoint_auth_methods_supported":    []string{"client_secret_basic", "client_secret_post", privateKeyJWT, "none"},
		"introspection_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", privateKeyJWT},
		"claims_supported":                              []string{"sub", "name", "given_name", "family_name", "email", "email_verified", "address"},
	}
	for _, endpoint := range []string{"token", "revocation", "introspection"} { // RFC 8414 §2: beside every list with private_key_jwt
		document[endpoint+"_endpoint_auth_signing_alg_values_supported"] = signingAlgorithms
	}
	if s.config.Registrar != nil {
		document["registration_endpoint"] = base + registerPath
	}
	if s.browser != nil {
		document["token_endpoint_auth_methods_supported"] = append(document["token_endpoint_auth_methods_supported"].([]string), "none")
		document["authorization_endpoint"] = base + authorizePath
		document["end_session_endpoint"] = base + "/ims/logout/v1"
		document["response_types_supported"] = responseTypes
		document["response_modes_supported"] = []string{"query", "fragment"}
		document["grant_types_supported"] = append(grantTypes, grantImplicit)
		document["code_challenge_methods_supported"] = []string{"S256", "plain"}
		document["prompt_values_supported"] = []string{"none", "login", "consent", "select_account"}
		document["authorization_response_iss_parameter_supported"] = true
	}
	x.json(http.StatusOK, document)
}
