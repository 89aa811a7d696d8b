package client

import (
	"context"
	"net/http"
)

// Placement says where a service wants its token: in a header behind a prefix, or in a parameter of the query.
type Placement struct {
	Header string `json:"header,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	Query  string `json:"query,omitempty"`
}

// Placement gives where the connection's definition puts the token: most often the header Authorization, behind "Bearer ".
func (c *Client) Placement(ctx context.Context, ref string) (Placement, error) {
	var out struct {
		Placement
		Answer
	}
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/connections/" + segment(ref) + "/placement"}, &out)
	return out.Placement, err
}

// put places a token in a request, which is the caller's to change.
func (p Placement) put(r *http.Request, token string) {
	if p.Query == "" {
		r.Header.Set(p.Header, p.Prefix+token)
		return
	}
	query := r.URL.Query()
	query.Set(p.Query, token)
	address := *r.URL
	address.RawQuery = query.Encode()
	r.URL = &address
}

// Placement gives where a connection's token goes, asked for once.
func (k *Keeper) Placement(ctx context.Context, ref string) (Placement, error) {
	e, err := k.entry(ref)
	if err != nil {
		return Placement{}, err
	}
	e.mu.Lock()
	known := e.placement
	e.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	placement, err := k.client.Placement(ctx, ref)
	if err != nil {
		return Placement{}, err
	}
	e.mu.Lock()
	e.placement = &placement
	e.mu.Unlock()
	k.save()
	return placement, nil
}
