package project

import "slices"

// Kind is what sort of credential one is.
type Kind string

// The kinds (DESIGN.md §2).
const (
	ServiceAccountJWT   Kind = "service_account_jwt"
	OAuthServerToServer Kind = "oauth_server_to_server"
	OAuthWebApp         Kind = "oauth_web_app"
	OAuthSinglePageApp  Kind = "oauth_single_page_app"
	OAuthNativeApp      Kind = "oauth_native_app"
	APIKey              Kind = "api_key"
)

// Kinds lists every kind, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{ServiceAccountJWT, OAuthServerToServer, OAuthWebApp, OAuthSinglePageApp, OAuthNativeApp, APIKey}
}

// Known tells whether there is such a kind.
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// Enterprise tells whether a credential of the kind is an account of its own: it has a technical account, and product
// profiles. The others act for a person who signs in.
func (k Kind) Enterprise() bool { return k == ServiceAccountJWT || k == OAuthServerToServer }

// Confidential tells whether a client of the kind can keep a secret (RFC 6749 §2.1): it has one, and may have certificates.
func (k Kind) Confidential() bool { return k.Enterprise() || k == OAuthWebApp }

// Redirects tells whether a person's browser comes back to a client of the kind.
func (k Kind) Redirects() bool {
	return k == OAuthWebApp || k == OAuthSinglePageApp || k == OAuthNativeApp
}

// BaseScopes are those that every client of the kind may ask for, whatever it is subscribed to.
func (k Kind) BaseScopes() []string {
	switch k {
	case ServiceAccountJWT, OAuthServerToServer:
		return []string{"openid", "AdobeID"}
	case OAuthWebApp:
		return []string{"openid", "AdobeID", "profile", "email", "address", "offline_access"}
	case OAuthSinglePageApp, OAuthNativeApp: // public clients get no refresh token
		return []string{"openid", "AdobeID", "profile", "email", "address"}
	}
	return nil
}
