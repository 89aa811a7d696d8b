package target

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"

	"latchkey/internal/egress"
)

// PageSize is how many things are asked for at once when the caller does not say.
const PageSize = 200

// Query asks for a page of a list.
type Query struct {
	Limit, Offset int
	// SortBy is a field's name; what a list can be sorted by is in §2.5.
	SortBy string
}

func (q Query) values() url.Values {
	out := url.Values{"limit": {strconv.Itoa(cmp.Or(q.Limit, PageSize))}, "offset": {strconv.Itoa(q.Offset)}}
	if q.SortBy != "" {
		out.Set("sortBy", q.SortBy)
	}
	return out
}

// Page is what stands around a page's items.
type Page struct {
	// Total is how many there are in all; -1 when the server does not say.
	Total int
	// Items is how many came, Limit how many were asked for in the end: fewer than at first when they are large.
	Items, Limit int
}

// Last tells whether nothing comes behind the page that began at offset.
func (p Page) Last(offset int) bool {
	// A page that is short ends the list only for a server that does not count: others may shorten pages as they like.
	return p.Items == 0 || p.Total >= 0 && offset+p.Items >= p.Total || p.Total < 0 && p.Items < p.Limit
}

// list asks for one page, and hands over each item as it is read. A page that is larger than a reply may be is asked for anew,
// with half of the items.
func list[T any](ctx context.Context, c *Client, k call, q Query, plural string, each func(T) error) (Page, error) {
	q.Limit = cmp.Or(q.Limit, PageSize)
	for {
		k.query = q.values()
		reply, err := c.do(ctx, k)
		if failed, ok := errors.AsType[*egress.Error](err); ok && failed.Kind == egress.KindTooLarge && q.Limit > 1 {
			q.Limit /= 2
			continue
		}
		if err != nil {
			return Page{}, err
		}
		page, err := readPage(bytes.NewReader(reply.Body), plural, each)
		page.Limit = q.Limit
		if malformed, ok := errors.AsType[*malformedError](err); ok {
			return page, &Error{Layer: Foreign, Status: reply.Status, Message: malformed.Error()}
		}
		return page, err
	}
}

// malformedError is given for a page that is not one.
type malformedError struct{ text string }

func (e *malformedError) Error() string { return e.text }

// readPage reads a list's envelope, {"total":n,"<plural>":[…]}, item by item.
func readPage[T any](r io.Reader, plural string, each func(T) error) (Page, error) {
	page := Page{Total: -1}
	decoder := json.NewDecoder(r)
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return page, &malformedError{"the answer is no list of " + plural}
	}
	found := false
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return page, &malformedError{"the list of " + plural + " is broken off"}
		}
		switch name {
		case plural:
			found = true
			err = readItems(decoder, plural, &page, each)
		case "total":
			if decoder.Decode(&page.Total) != nil {
				err = &malformedError{"the total of the list of " + plural + " is no number"}
			}
		default:
			var skipped json.RawMessage
			if decoder.Decode(&skipped) != nil {
				err = &malformedError{"the list of " + plural + " is broken off"}
			}
		}
		if err != nil {
			return page, err
		}
	}
	if _, err := decoder.Token(); err != nil || !found {
		return page, &malformedError{"the answer is no list of " + plural}
	}
	return page, nil
}

func readItems[T any](decoder *json.Decoder, plural string, page *Page, each func(T) error) error {
	token, err := decoder.Token()
	if err == nil && token == nil {
		return nil // null: none
	}
	if err != nil || token != json.Delim('[') {
		return &malformedError{"there is no list behind " + plural}
	}
	for decoder.More() {
		var item T
		if err := decoder.Decode(&item); err != nil {
			return &malformedError{fmt.Sprintf("number %d of the page of %s can't be read", page.Items+1, plural)}
		}
		page.Items++
		if err := each(item); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return &malformedError{"the list of " + plural + " is broken off"}
	}
	return nil
}

// all gives all of a list; one page is held at a time. It ends with the first error.
func all[T any](ctx context.Context, q Query, page func(context.Context, Query, func(T) error) (Page, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		stopped := errors.New("enough")
		for {
			got, err := page(ctx, q, func(item T) error {
				if !yield(item, nil) {
					return stopped
				}
				return nil
			})
			if errors.Is(err, stopped) {
				return
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if got.Last(q.Offset) {
				return
			}
			q.Offset, q.Limit = q.Offset+got.Items, got.Limit
		}
	}
}
