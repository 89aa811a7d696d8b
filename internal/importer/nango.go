package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/jsontree"
	"latchkey/internal/secret"
)

// Connection is an account of another product.
type Connection struct {
	// ID is what it is called there, Provider the service, Integration how that was configured there.
	ID, Provider, Integration string
	// Fields are the customer's values by their names there; secrets among them are not to be shown.
	Fields map[string]any
	// Access and Refresh are its tokens; empty where there is none.
	Access, Refresh  secret.String
	TokenType, Scope string
	// ExpiresAt is when the access token ends; zero where it is not known.
	ExpiresAt time.Time

	document *document
	pointer  string
}

// Problem tells something that is wrong with the connection, at its place.
func (c *Connection) Problem(message, fix string) Problem {
	return c.document.problem(c.pointer, "connection "+c.ID, message, fix)
}

// nangoConnection is an answer of GET /connection/{connectionId} or /connections/{connectionId}.
type nangoConnection struct {
	ID          string           `json:"connection_id"`
	Integration string           `json:"provider_config_key"`
	Provider    string           `json:"provider"`
	Config      map[string]any   `json:"connection_config"`
	Credentials nangoCredentials `json:"credentials"`
}

type nangoCredentials struct {
	Type         string `json:"type"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Token        string `json:"token"`
	ExpiresAt    string `json:"expires_at"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Username     string `json:"username"`
	Password     string `json:"password"`
	Override     struct {
		ClientID string `json:"client_id"`
	} `json:"config_override"`
	Raw struct {
		Scope     string `json:"scope"`
		TokenType string `json:"token_type"`
	} `json:"raw"`
}

// Nango reads connections as Nango's public API answers them: one, a list of them, or {"connections":[…]}. What can't be
// imported is told together; the connections are those that can.
func Nango(file string, text []byte) ([]Connection, error) {
	tree, err := jsontree.Parse(text)
	if syntax, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
		return nil, Problems{{file, syntax.Line, syntax.Column, "", "it is not JSON: " + syntax.Msg, "save the API's answer as it is"}}
	}
	d := &document{file, text, jsontree.Places(text)}
	items, base := []*jsontree.Node{tree}, ""
	switch {
	case tree.Is(jsontree.Array):
		items, base = tree.Items(), "/"
	case tree.Get("connections").Is(jsontree.Array):
		items, base = tree.Get("connections").Items(), "/connections/"
	}
	var found []Connection
	var problems Problems
	for i, item := range items {
		pointer := ""
		if base != "" {
			pointer = fmt.Sprintf("%s%d", base, i)
		}
		one, wrong := d.nango(item, pointer)
		if wrong != nil {
			problems = append(problems, *wrong)
			continue
		}
		found = append(found, one)
	}
	return found, problems.err()
}

func (d *document) nango(item *jsontree.Node, pointer string) (Connection, *Problem) {
	wrong := func(below, about, message, fix string) (Connection, *Problem) {
		p := d.problem(pointer+below, strings.TrimSuffix("connection "+about, " "), message, fix)
		return Connection{}, &p
	}
	var read nangoConnection
	if err := json.Unmarshal(item.Append(nil), &read); err != nil {
		field := ""
		if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			field = "/" + strings.ReplaceAll(mismatch.Field, ".", "/")
		}
		return wrong(field, "", "this is not what Nango answers there", "save the answer of GET /connection/{connectionId}")
	}
	if read.ID == "" || read.Provider == "" {
		return wrong("", read.ID, "it has no connection_id or no provider", "save the answer of GET /connection/{connectionId}")
	}
	if item.Get("credentials") == nil {
		return wrong("", read.ID, "it holds no credentials, as in Nango's lists", "save the answer of GET /connection/{connectionId} for each, with a key that may read credentials")
	}
	c := read.Credentials
	out := Connection{ID: read.ID, Provider: read.Provider, Integration: read.Integration, Fields: read.Config, document: d, pointer: pointer}
	if out.Fields == nil {
		out.Fields = map[string]any{}
	}
	switch c.Type {
	case "OAUTH2":
		out.Access, out.Refresh, out.TokenType, out.Scope = secret.New(c.AccessToken), secret.New(c.RefreshToken), c.Raw.TokenType, c.Raw.Scope
	case "OAUTH2_CC":
		out.Access = secret.New(c.Token)
		out.Fields["client_id"], out.Fields["client_secret"] = c.ClientID, c.ClientSecret
	case "BASIC":
		out.Fields["username"], out.Fields["password"] = c.Username, c.Password
		return out, nil
	default:
		return wrong("/credentials/type", read.ID, fmt.Sprintf("credentials of the type %.20q are not imported", c.Type), "connect the account anew; OAUTH2, OAUTH2_CC and BASIC are imported")
	}
	if c.Override.ClientID != "" {
		return wrong("/credentials/config_override", read.ID, "its tokens belong to an OAuth client of its own", "give that client a definition of its own, and connect the account anew")
	}
	if out.Access.Empty() {
		return wrong("/credentials", read.ID, "there is no access token", "let Nango refresh it, and save the answer again")
	}
	if strings.EqualFold(out.TokenType, "bearer") {
		out.TokenType = "Bearer"
	}
	if c.ExpiresAt != "" {
		at, err := time.Parse(time.RFC3339, c.ExpiresAt)
		if err != nil {
			return wrong("/credentials/expires_at", read.ID, "this is no time", "write it as 2026-11-28T09:30:00Z")
		}
		out.ExpiresAt = at
	}
	return out, nil
}

// Field gives the value for a definition's field of a name, whatever the spelling: clientId, client_id, CLIENT_ID.
func Field(values map[string]any, name string) (any, bool) {
	for key, value := range values {
		if folded(key) == folded(name) {
			return value, true
		}
	}
	return nil, false
}

func folded(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
}
