package connection

import (
	"latchkey/internal/destination"
	"latchkey/internal/exchange"
)

func (r *Record) identity() Identity { return Identity{ID: r.ID, Label: r.Label} }

// present shows a record without its secrets.
func present(r *Record) Connection {
	c := Connection{
		ID: r.ID, Organization: r.Organization, Sandbox: r.Sandbox, SandboxID: r.SandboxID,
		DefinitionID: r.Definition, DefinitionName: r.DefinitionName, Revision: r.Revision,
		Configuration: r.Configuration, Label: r.Label, State: r.State, StateReason: r.Reason, LastError: r.LastError,
		Fields: r.Fields.Masked(), CreatedBy: r.CreatedBy, ReturnURL: r.ReturnURL, CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt, LastRefreshAt: r.LastRefreshAt, Generation: r.Generation, Renewable: r.Renewable,
	}
	if r.State.renewing() && r.Renewable {
		c.NextRefreshAt = r.RefreshAt
	}
	if t := r.Tokens; t != nil {
		c.ExpiresAt, c.RefreshExpiresAt, c.TokenType, c.Scope = t.ExpiresAt, t.RefreshExpiresAt, t.TokenType, t.Scope
		c.Outputs = shown(t.Outputs)
		c.Note = noteOf(t, r.Renewable)
	}
	return c
}

// shown gives the outputs that are no secrets.
func shown(outputs map[string]exchange.Output) map[string]any {
	var out map[string]any
	for name, output := range outputs {
		if output.Secret {
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		out[name] = output.Value
	}
	return out
}

// noteOf says what is particular about a token's life.
func noteOf(t *exchange.TokenSet, renewable bool) string {
	switch {
	case t.ExpiresAt.IsZero() && renewable:
		return "the provider does not tell how long the token lives; it is renewed as if it lived for the default life"
	case t.ExpiresAt.IsZero():
		return "the provider does not tell how long the token lives, and it can't be renewed; it is kept until it is replaced"
	case !renewable:
		return "the token can't be renewed; a new consent is needed when it ends"
	}
	return ""
}

// CheckLink checks what a link for a customer says: a label, an address to come back to, a public URL.
func (c *Connector) CheckLink(label, returnURL, baseURL string) destination.Problems {
	return append(append(checkLabel(label), c.checkReturnURL(returnURL)...), c.checkBaseURL(baseURL)...)
}
