package authority

import "net/http"

// discovery is OpenID Connect's and RFC 8414's document, under IMS's path and under the standard ones.
func (s *Server) discovery(x *exchange) {
	base := s.config.Issuers[0]
	var grantTypes []string
	for grant := range grants() {
		grantTypes = append(grantTypes, grant)
	}
	x.w.Header().Set("Cache-Control", "public, max-age=300")
	x.json(http.StatusOK, map[string]any{
		"issuer":                                        base,
		"token_endpoint":                                base + "/ims/token/v3",
		"userinfo_endpoint":                             base + "/ims/userinfo/v2",
		"revocation_endpoint":                           base + "/ims/revoke",
		"introspection_endpoint":                        base + "/ims/introspect",
		"jwks_uri":                                      base + "/ims/keys",
		"grant_types_supported":                         grantTypes,
		"response_types_supported":                      []string{},
		"subject_types_supported":                       []string{"public"},
		"id_token_signing_alg_values_supported":         []string{rs256},
		"scopes_supported":                              []string{"openid", "email", "profile"},
		"token_endpoint_auth_methods_supported":         []string{"client_secret_basic", "client_secret_post"},
		"revocation_endpoint_auth_methods_supported":    []string{"client_secret_basic", "client_secret_post", "none"},
		"introspection_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"claims_supported":                              []string{"sub", "name", "email", "email_verified"},
	})
}
