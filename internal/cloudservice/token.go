package cloudservice

import (
	"context"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// Tokens gives what calls of a product take, by the IMS configuration that is asked for it.
type Tokens interface {
	// Find gives a configuration by its id or its name: [ErrNoConfiguration].
	Find(ctx context.Context, caller access.Caller, place Place, ref string) (Configuration, error)
	// Access gives its fresh token.
	Access(ctx context.Context, caller access.Caller, place Place, ref string) (Access, error)
	// Reach gives its token too, and what was found on the way in the layers token and profile. When one failed there is
	// no token.
	Reach(ctx context.Context, caller access.Caller, place Place, ref string) (Reached, error)
}

// Configuration is what is known here of an IMS configuration. Solution is the product that it is for, by its short name; "" for
// none in particular.
type Configuration struct{ Name, Solution string }

// Access is what a call of a product takes.
type Access struct {
	Token secret.String
	// APIKey is sent beside the token as x-api-key.
	APIKey string
}

// Reached is what [Tokens.Reach] has come to.
type Reached struct {
	Access
	Layers []finding.Layer
	// Products are the product contexts of the token's profile. A workspace of Target is one (§2.4).
	Products []Product
}

// Product is a product context of a profile.
type Product struct {
	// Service is the product's code, "dma_tartan" for Target.
	Service string
	// Group is the id of the product profile, Name what people call it, Label the product's own label.
	Group, Name, Label string
}
