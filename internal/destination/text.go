package destination

import (
	"context"

	"latchkey/internal/secret"
	"latchkey/pebble"
)

// Text is one compiled value of a definition: a constant, a secret constant, or a template.
type Text struct {
	pointer  string
	constant string
	sealed   secret.String
	template *pebble.Template
	refs     []string
}

// Pointer says where the text stands in the document.
func (t *Text) Pointer() string { return t.pointer }

// Constant tells whether the text is no template.
func (t *Text) Constant() bool { return t.template == nil }

// Sealed gives the constant when it is a secret.
func (t *Text) Sealed() secret.String { return t.sealed }

// Refs gives the dotted names that the template mentions: "authData.clientId", "response.status".
func (t *Text) Refs() []string { return t.refs }

// Render gives the text with vars as its variables.
func (t *Text) Render(ctx context.Context, vars map[string]any) (string, error) {
	switch {
	case t.template != nil:
		return t.template.RenderString(ctx, vars)
	case !t.sealed.Empty():
		return t.sealed.Reveal(), nil
	}
	return t.constant, nil
}
