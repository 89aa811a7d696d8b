package ims

import (
	"context"

	"latchkey/internal/access"
	"latchkey/internal/finding"
)

// Product is a product context of a token's profile: what a credential may do with a product.
type Product struct {
	// Service is the product's code: "dma_tartan" for Target.
	Service string
	// Group is the id of the product profile, Name what people call it, Label the product's own label for it.
	Group, Name, Label string
}

// products gives the product contexts that are in force.
func (p *profile) products() []Product {
	var all []Product
	for _, c := range p.Contexts {
		if of := c.Context; of.Status == "" || of.Status == "ACTIVE" {
			all = append(all, Product{of.Service, finding.Bounded(of.Group, mostSaid), finding.Bounded(of.Name, mostSaid), finding.Bounded(of.Label, mostSaid)})
		}
	}
	return all
}

// Reached is what [Configurations.Reach] has come to.
type Reached struct {
	// Access is empty when a layer failed.
	Access   Access
	Layers   []finding.Layer
	Products []Product
}

// Reach gives a configuration's fresh token, and what was found on the way in the layers token and profile: what somebody takes who
// is going to call the product. Other than [Configurations.Check] it makes do with the token that is held. It takes tokens:read.
func (c *Configurations) Reach(ctx context.Context, caller access.Caller, ref Ref) (Reached, error) {
	found, err := c.find(ctx, caller, ref, access.TokensRead)
	if err != nil {
		return Reached{}, err
	}
	x := &checkup{Configurations: c, caller: caller, of: &found}
	token, err := x.held(ctx)
	if err != nil {
		return Reached{}, err
	}
	token.Name = LayerToken
	out := Reached{Layers: []finding.Layer{token}}
	profile := finding.Layer{Status: finding.Skipped, Message: "not looked at, because of what is before it"}
	if token.Status == finding.OK {
		if profile, err = x.askProfile(ctx); err != nil {
			return Reached{}, err
		}
	}
	profile.Name = LayerProfile
	out.Layers = append(out.Layers, profile)
	if finding.First(out.Layers) == nil {
		out.Access, out.Products = x.access, x.products
	}
	return out, nil
}

// held gives the layer of the token that is held, or of the first that is asked for.
func (x *checkup) held(ctx context.Context) (finding.Layer, error) {
	if len(x.of.Missing()) > 0 {
		return x.token(ctx) // it says what is missing
	}
	var err error
	if x.access, err = x.Configurations.access(ctx, x.caller, x.of); err != nil {
		layer, err := x.failure(ctx, err)
		if err != nil {
			return finding.Layer{}, err
		}
		return *layer, nil
	}
	return finding.Layer{Status: finding.OK, Message: TokenRetrieved}, nil
}
