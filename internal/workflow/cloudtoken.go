package workflow

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/ims"
)

// CloudTokens gives cloud services the tokens of IMS configurations.
type CloudTokens struct{ IMS *ims.Configurations }

var _ cloudservice.Tokens = CloudTokens{}

func imsRef(place cloudservice.Place, ref string) ims.Ref {
	return ims.Ref{Sandbox: place.Sandbox, Name: ref}
}

// absent says in the words of cloud services that there is no such configuration.
func absent(err error) error {
	if errors.Is(err, ims.ErrNotFound) {
		return fmt.Errorf("%w (%w)", cloudservice.ErrNoConfiguration, err)
	}
	return err
}

// Find gives a configuration by its id or its name.
func (c CloudTokens) Find(ctx context.Context, caller access.Caller, place cloudservice.Place, ref string) (cloudservice.Configuration, error) {
	found, err := c.IMS.Get(ctx, caller, imsRef(place, ref))
	if err != nil {
		return cloudservice.Configuration{}, absent(err)
	}
	return cloudservice.Configuration{Name: found.Name, Solution: string(found.Solution)}, nil
}

// Access gives its fresh token.
func (c CloudTokens) Access(ctx context.Context, caller access.Caller, place cloudservice.Place, ref string) (cloudservice.Access, error) {
	got, err := c.IMS.Access(ctx, serving(caller), imsRef(place, ref))
	return cloudservice.Access{Token: got.Token, APIKey: got.APIKey}, absent(err)
}

// Reach gives its token, and what was found on the way.
func (c CloudTokens) Reach(ctx context.Context, caller access.Caller, place cloudservice.Place, ref string) (cloudservice.Reached, error) {
	got, err := c.IMS.Reach(ctx, serving(caller), imsRef(place, ref))
	if err != nil {
		return cloudservice.Reached{}, absent(err)
	}
	out := cloudservice.Reached{Access: cloudservice.Access{Token: got.Access.Token, APIKey: got.Access.APIKey}, Layers: got.Layers}
	for _, product := range got.Products {
		out.Products = append(out.Products, cloudservice.Product(product))
	}
	return out, nil
}

// serving lets a service call its product for whoever may use the service: the token stays here, and tokens:read is for those
// who are handed one.
func serving(caller access.Caller) access.Caller {
	caller.Scopes = append(access.Scopes{access.TokensRead, access.ConnectionsRead}, caller.Scopes...)
	return caller
}
