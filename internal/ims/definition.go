package ims

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/destination"
)

// The built-in definitions. There is one for each authorization server, because a definition writes out where secrets go.

// definitionName is the definition's name: "adobe-ims-jwt@ims-na1.adobelogin.com".
func definitionName(t Type, server string) string {
	return "adobe-ims-" + string(t) + "@" + hostOf(server)
}

// jwtDefinition exchanges an assertion (spec/ims-and-console.md §1): a claim for each metascope, no jti, for IMS takes
// numbers alone there; and expires_in in milliseconds.
const jwtDefinition = `{
  "name": %[1]q,
  "description": "Adobe IMS: an access token for an assertion that is signed with a configuration's key. Made and kept by Latchkey.",
  "customerAuthenticationConfigurations": [{
    "authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
    "authenticationDataFields": [
      {"name": "clientId", "title": "API key", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "clientSecret", "title": "Client secret", "type": "string", "isRequired": true, "format": "password", "source": "CUSTOMER"},
      {"name": "organizationId", "title": "Organization", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "technicalAccount", "title": "Technical account", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "metascopes", "title": "Metascopes, apart by blanks", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "privateKey", "title": "Private key (PEM)", "type": "string", "isRequired": true, "format": "password", "source": "CUSTOMER"}
    ],
    "accessTokenRequest": {
      "destinationServerType": "URL_BASED",
      "urlBasedDestination": {"url": {"templatingStrategy": "NONE", "value": %[2]q}},
      "httpTemplate": {
        "httpMethod": "POST", "contentType": "application/x-www-form-urlencoded",
        "requestBody": {"templatingStrategy": "PEBBLE_V1", "value": "{{ formUrlEncode('client_id', authData.clientId, 'client_secret', authData.clientSecret, 'jwt_token', authData.assertion) | raw }}"}
      }
    },
    "options": {
      "expiry": {"unit": "ms"},
      "assertion": {
        "alg": "RS256", "key": "{{ authData.privateKey | raw }}", "lifetimeSeconds": 300,
        "claims": {"iss": "{{ authData.organizationId }}", "sub": "{{ authData.technicalAccount }}", "aud": %[3]q, "jti": null, "iat": null},
        "trueClaims": %[4]q
      }
    }
  }]
}`

// oauthDefinition takes client credentials (spec/aem-target-analytics.md §1.7).
const oauthDefinition = `{
  "name": %[1]q,
  "description": "Adobe IMS: an access token for a client's credentials (OAuth server-to-server). Made and kept by Latchkey.",
  "customerAuthenticationConfigurations": [{
    "authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
    "authenticationDataFields": [
      {"name": "clientId", "title": "Client ID", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "clientSecret", "title": "Client secret", "type": "string", "isRequired": true, "format": "password", "source": "CUSTOMER"},
      {"name": "organizationId", "title": "Organization", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "scopes", "title": "Scopes, apart by commas", "type": "string", "isRequired": true, "source": "CUSTOMER"}
    ],
    "accessTokenRequest": {
      "destinationServerType": "URL_BASED",
      "urlBasedDestination": {"url": {"templatingStrategy": "NONE", "value": %[2]q}},
      "httpTemplate": {
        "httpMethod": "POST", "contentType": "application/x-www-form-urlencoded",
        "requestBody": {"templatingStrategy": "PEBBLE_V1", "value": "{{ formUrlEncode('grant_type', 'client_credentials', 'client_id', authData.clientId, 'client_secret', authData.clientSecret, 'org_id', authData.organizationId, 'scope', authData.scopes) | raw }}"}
      }
    }
  }]
}`

// Definition writes the built-in definition of a type and a server.
func Definition(t Type, server string) ([]byte, error) {
	var text string
	name := definitionName(t, server)
	if t == OAuth {
		text = fmt.Sprintf(oauthDefinition, name, server+"/ims/token/v3")
	} else {
		text = fmt.Sprintf(jwtDefinition, name, server+"/ims/exchange/jwt", server+"/c/{{ authData.clientId }}",
			"{% for scope in authData.metascopes | split(' ') %}"+server+"/s/{{ scope }} {% endfor %}")
	}
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("writing the definition %s: the server's address does not fit", name)
	}
	return []byte(text), nil
}

// acting is the caller with the rights of what a configuration does by itself, once the caller's own were checked: to keep its
// definition, and to read its token.
func acting(caller access.Caller) access.Caller {
	caller.Scopes = access.Scopes{access.DefinitionsWrite, access.ConnectionsWrite, access.TokensRead}
	return caller
}

// ensureDefinition makes the built-in definition in a sandbox where it is missing, or brings it up to date, and gives its name.
func (c *Configurations) ensureDefinition(ctx context.Context, caller access.Caller, of *Configuration) (string, error) {
	name := definitionName(of.Type, of.Server)
	text, err := Definition(of.Type, of.Server)
	if err != nil {
		return "", err
	}
	document, err := destination.ParseDocument(text)
	if err != nil {
		return "", fmt.Errorf("reading the definition %s: %w", name, err)
	}
	caller = acting(caller)
	ref, draft := destination.Ref{Sandbox: of.Sandbox, Name: name}, destination.Draft{Document: document}
	saved, err := c.config.Definitions.Get(ctx, caller, ref)
	switch {
	case errors.Is(err, destination.ErrNotFound):
		saved, err = c.config.Definitions.Create(ctx, caller, of.Sandbox, draft)
		if errors.Is(err, destination.ErrNameTaken) { // by another that does the same
			saved, err = c.config.Definitions.Get(ctx, caller, ref)
		}
	case err == nil:
		saved, err = c.config.Definitions.Update(ctx, caller, ref, draft)
	}
	if err == nil && saved.Definition.Published != saved.Definition.Draft {
		_, err = c.config.Definitions.Publish(ctx, caller, ref)
	}
	if err != nil && !errors.Is(err, destination.ErrConflict) { // another does the same
		return "", fmt.Errorf("keeping the definition %s: %w", name, err)
	}
	return name, nil
}

// tidy removes a built-in definition that nothing is connected to any more.
func (c *Configurations) tidy(ctx context.Context, caller access.Caller, of *Configuration) {
	if of.Connection == "" {
		return
	}
	name := definitionName(of.Type, of.Server)
	err := c.config.Definitions.Delete(ctx, acting(caller), destination.Ref{Sandbox: of.Sandbox, Name: name})
	if _, used := errors.AsType[*destination.InUseError](err); err != nil && !used && !errors.Is(err, destination.ErrNotFound) {
		c.config.Log.WarnContext(ctx, "a definition that nothing uses could not be removed", "definition", name, "error", err)
	}
}
