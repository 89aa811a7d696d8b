// Package builtin holds the definitions that Latchkey itself makes: of Adobe IMS, and of the Analytics gateway before it.
//
// There is one text for each way to a token, with the server's address written out, because a definition says where
// secrets go. Rooms that keep definitions in the catalogue store them; others compile them as they are.
package builtin

import (
	"encoding/json"
	"fmt"
)

// jwtDefinition exchanges an assertion (spec/ims-and-console.md §1): a claim for each metascope, no jti, for IMS takes
// numbers alone there; and expires_in in milliseconds, as a rule.
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
      "expiry": {"unit": "s-or-ms"},
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
    },
    "options": {"expiry": {"unit": "s-or-ms"}}
  }]
}`

// gatewayDefinition asks the Analytics gateway of before IMS (spec/campaign-and-pipeline.md §2.2): an assertion of the
// application, for the organization.
const gatewayDefinition = `{
  "name": %[1]q,
  "description": "The Analytics gateway: an access token for an assertion that is signed with an application's key.",
  "customerAuthenticationConfigurations": [{
    "authType": "OAUTH2", "grant": "OAUTH2_CLIENT_CREDENTIALS",
    "authenticationDataFields": [
      {"name": "clientId", "title": "Application ID", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "organizationId", "title": "Organization", "type": "string", "isRequired": true, "source": "CUSTOMER"},
      {"name": "privateKey", "title": "Private key (PEM)", "type": "string", "isRequired": true, "format": "password", "source": "CUSTOMER"}
    ],
    "accessTokenRequest": {
      "destinationServerType": "URL_BASED",
      "urlBasedDestination": {"url": {"templatingStrategy": "NONE", "value": %[2]q}},
      "httpTemplate": {
        "httpMethod": "POST", "contentType": "application/x-www-form-urlencoded",
        "requestBody": {"templatingStrategy": "PEBBLE_V1", "value": "{{ formUrlEncode('grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'client_id', authData.clientId, 'assertion', authData.assertion) | raw }}"}
      }
    },
    "options": {
      "assertion": {
        "alg": "RS256", "key": "{{ authData.privateKey | raw }}", "lifetimeSeconds": 600,
        "claims": {"iss": "{{ authData.clientId }}", "sub": "{{ authData.organizationId }}", "aud": "api.omniture.com"}
      }
    }
  }]
}`

// IMSJWT writes the definition of IMS's exchange of an assertion at a server.
func IMSJWT(name, server string) ([]byte, error) {
	return checked(name, fmt.Sprintf(jwtDefinition, name, server+"/ims/exchange/jwt", server+"/c/{{ authData.clientId }}",
		"{% for scope in authData.metascopes | split(' ') %}"+server+"/s/{{ scope }} {% endfor %}"))
}

// IMSOAuth writes the definition of IMS's client credentials at a server.
func IMSOAuth(name, server string) ([]byte, error) {
	return checked(name, fmt.Sprintf(oauthDefinition, name, server+"/ims/token/v3"))
}

// Gateway writes the definition of the Analytics gateway's token at a server.
func Gateway(name, server string) ([]byte, error) {
	return checked(name, fmt.Sprintf(gatewayDefinition, name, server+"/token"))
}

func checked(name, text string) ([]byte, error) {
	if !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("writing the definition %s: the server's address does not fit", name)
	}
	return []byte(text), nil
}
