package app

import (
	"fmt"
	"net/url"
	"strings"

	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/web"
)

// OpenIDConfig names the OpenID provider that people sign in by.
type OpenIDConfig struct {
	Issuer, ClientID string
	ClientSecret     secret.String
	Name             string
	Scopes           []string
}

func openIDSettings() []setting {
	return []setting{
		text("oidc.issuer", "", "OpenID provider by which people can sign in: what it calls itself, such as https://login.example.com. See [the guide](../guide/sign-in-and-consent.md#sign-in-by-an-identity-provider).", func(c *Config) *string { return &c.OpenID.Issuer }),
		text("oidc.client_id", "", "The client id that the provider knows this server by.", func(c *Config) *string { return &c.OpenID.ClientID }),
		hidden("oidc.client_secret", "The client secret, or @FILE that holds it; without it PKCE alone protects the exchange. It is never shown.", func(c *Config) *secret.String { return &c.OpenID.ClientSecret }),
		text("oidc.name", "", "What the button of the sign-in page calls the provider; without it, the issuer's host.", func(c *Config) *string { return &c.OpenID.Name }),
		list("oidc.scopes", "Scopes to ask for beside openid; without it email and profile.", func(c *Config) *[]string { return &c.OpenID.Scopes }),
	}
}

// openID refuses a provider that nobody could sign in by.
func (c *checks) openID() {
	if c.OpenID.Issuer == "" {
		if c.OpenID.ClientID != "" {
			c.add("oidc.issuer", "is missing", "name the provider as it calls itself in its discovery document, or leave oidc.client_id out")
		}
		return
	}
	u, err := url.Parse(c.OpenID.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		c.add("oidc.issuer", fmt.Sprintf("%q is not an issuer", c.OpenID.Issuer), "write it as the provider does, such as https://login.example.com/tenant")
	}
	if strings.HasSuffix(c.OpenID.Issuer, "/.well-known/openid-configuration") {
		c.add("oidc.issuer", "is the address of the discovery document", "leave /.well-known/openid-configuration out")
	}
	if c.OpenID.ClientID == "" {
		c.add("oidc.client_id", "is missing: the provider wants to know who asks", "register this server there, with the redirect URI "+strings.TrimRight(c.PublicURL, "/")+"/sign-in/provider/callback")
	}
}

// openID is the provider as the pages have it; nil where none is configured.
func (h *house) openID() *web.OpenID {
	c := h.config.OpenID
	if c.Issuer == "" {
		return nil
	}
	return &web.OpenID{
		Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Name: c.Name, Scopes: c.Scopes, Sender: h.egress, Hash: h.store.Keyring().Hash,
		Identities: registry.NewIdentities(registry.IdentitiesConfig{Store: h.store.Registry(), Users: h.users, Clock: h.clock, Log: h.log}),
	}
}
