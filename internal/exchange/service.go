package exchange

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"latchkey/internal/destination"
	"latchkey/internal/secret"
)

// Service is where a connection's calls go, and what is put into each of them.
type Service struct {
	// Base is what a call's path stands behind: without a slash at its end, a query or a fragment.
	Base *url.URL
	// Headers and Query hold the token too.
	Headers, Query []Given
}

// Given is a header or a parameter that is added to a call. Its value may be a secret.
type Given struct {
	Name  string
	Value secret.String
}

// Service renders where calls with in.Tokens go. It fails with a [*Failure] that names what is missing; nothing is sent.
func (r *Runner) Service(ctx context.Context, plan *destination.Plan, in Input) (*Service, error) {
	s := plan.Service()
	if s == nil {
		return nil, &Failure{Kind: Denied, Code: CannotSend, Description: "the definition does not say where the service is: options.proxy.baseUrl is missing"}
	}
	x := r.newRound(plan, in)
	vars := x.vars(map[string]any{})
	address, err := x.renderURL(ctx, &destination.Request{URL: s.BaseURL}, vars)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, x.refuse(s.BaseURL.Pointer(), "the base URL has a query, a fragment or a user in it once its values are in it")
	}
	out := &Service{Base: base}
	for _, h := range s.Headers {
		value, err := x.headerValue(ctx, h, vars)
		if err != nil {
			return nil, err
		}
		out.Headers = append(out.Headers, Given{h.Name, secret.New(value)})
	}
	for _, p := range s.Query {
		value, err := x.text(ctx, p.Text, vars)
		if err != nil {
			return nil, err
		}
		out.Query = append(out.Query, Given{p.Name, secret.New(value)})
	}
	out.place(s.Token, in.Tokens)
	return out, nil
}

// place puts the token where the service wants it. What the definition says of that header itself goes before.
func (s *Service) place(at destination.TokenPlacement, tokens *TokenSet) {
	token := tokens.AccessToken.Reveal()
	if at.Query != "" {
		s.Query = append(s.Query, Given{at.Query, tokens.AccessToken})
		return
	}
	for _, h := range s.Headers {
		if strings.EqualFold(h.Name, at.Header) {
			return
		}
	}
	prefix := at.Prefix
	if strings.EqualFold(prefix, "Bearer ") && !strings.EqualFold(cmp.Or(tokens.TokenType, "Bearer"), "Bearer") {
		prefix = tokens.TokenType + " " // as the provider calls it
	}
	s.Headers = append(s.Headers, Given{at.Header, secret.New(prefix + token)})
}
