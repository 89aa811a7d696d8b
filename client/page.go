package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
)

// page is one answer of a list.
type page struct {
	Items      []json.RawMessage `json:"items"`
	NextCursor string            `json:"next_cursor"`
}

// list walks a list page by page, as far as the caller ranges. After an error it ends.
func list[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := cloneQuery(query)
		for {
			var page page
			var none T
			if _, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &page); err != nil {
				yield(none, err)
				return
			}
			for _, raw := range page.Items {
				var item T
				if err := decode(raw, &item); err != nil {
					yield(none, err)
					return
				}
				if !yield(item, nil) {
					return
				}
			}
			if page.NextCursor == "" {
				return
			}
			query.Set("cursor", page.NextCursor)
		}
	}
}

// cloneQuery drops members without a value, so that zero options send nothing.
func cloneQuery(query url.Values) url.Values {
	out := url.Values{}
	for name, values := range query {
		if len(values) > 0 && values[0] != "" {
			out[name] = values
		}
	}
	return out
}

// Collect gathers what a list yields, up to the first error.
func Collect[T any](items iter.Seq2[T, error]) ([]T, error) {
	var out []T
	for item, err := range items {
		if err != nil {
			return out, err
		}
		out = append(out, item)
	}
	return out, nil
}
