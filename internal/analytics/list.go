package analytics

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
)

// listPage is how many things of a list are asked for at once.
const listPage = 200

// page is one of a list. Some lists of the API are pages, others plain arrays: those are one page.
type page[T any] struct {
	Content    []T  `json:"content"`
	Total      int  `json:"totalElements"`
	TotalPages int  `json:"totalPages"`
	Last       bool `json:"lastPage"`
}

func (p *page[T]) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		p.Last = true
		return json.Unmarshal(data, &p.Content)
	}
	type plain page[T]
	return json.Unmarshal(data, (*plain)(p))
}

// list gives all of a list, page by page; only one is held. It ends with the first error.
func list[T any](ctx context.Context, c *Client, k call) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for number := 0; ; number++ {
			query := url.Values{}
			for name, values := range k.query {
				query[name] = values
			}
			query.Set("limit", strconv.Itoa(listPage))
			query.Set("page", strconv.Itoa(number))
			k.query = query
			var got page[T]
			if _, err := c.do(ctx, k, &got); err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, one := range got.Content {
				if !yield(one, nil) {
					return
				}
			}
			// An empty page ends it too: a server that never says "last" must not hold us for ever.
			if got.Last || len(got.Content) == 0 || got.TotalPages > 0 && number+1 >= got.TotalPages {
				return
			}
		}
	}
}

// Discover gives the companies that a credential may use.
func (c *Client) Discover(ctx context.Context, with Access) ([]Company, error) {
	var said struct {
		Organizations []struct {
			ID        string    `json:"imsOrgId"`
			Companies []Company `json:"companies"`
		} `json:"imsOrgs"`
	}
	if _, err := c.do(ctx, call{access: with, path: "discovery/me"}, &said); err != nil {
		return nil, err
	}
	var out []Company
	for _, o := range said.Organizations {
		for _, company := range o.Companies {
			company.Organization = o.ID
			out = append(out, company)
		}
	}
	return out, nil
}

// Me gives the token's subject as a company's user.
func (c *Client) Me(ctx context.Context, with Access, company string) (User, error) {
	var out User
	_, err := c.do(ctx, call{access: with, company: company, path: "users/me"}, &out)
	return out, err
}

// Suites gives a company's report suites.
func (c *Client) Suites(ctx context.Context, with Access, company string) iter.Seq2[Suite, error] {
	return list[Suite](ctx, c, call{access: with, company: company, path: "collections/suites"})
}

// Segments gives the segments that the credential may see; of one report suite when it is named.
func (c *Client) Segments(ctx context.Context, with Access, company, suite string) iter.Seq2[Segment, error] {
	query := url.Values{"includeType": {"all"}, "expansion": {"modified"}}
	if suite != "" {
		query.Set("rsids", suite)
	}
	return list[Segment](ctx, c, call{access: with, company: company, path: "segments", query: query})
}

// Metrics gives the metrics of a report suite.
func (c *Client) Metrics(ctx context.Context, with Access, company, suite string) iter.Seq2[Component, error] {
	return c.components(ctx, with, company, suite, "metrics")
}

// Dimensions gives the dimensions of a report suite.
func (c *Client) Dimensions(ctx context.Context, with Access, company, suite string) iter.Seq2[Component, error] {
	return c.components(ctx, with, company, suite, "dimensions")
}

func (c *Client) components(ctx context.Context, with Access, company, suite, path string) iter.Seq2[Component, error] {
	return list[Component](ctx, c, call{access: with, company: company, path: path, query: url.Values{"rsid": {suite}}})
}
