package web

import "net/url"

// tabs are the pages that something has parts on; Here is the name of the one that is shown.
type tabs struct {
	Label, Here string
	All         []tab
}

type tab struct{ Name, Path string }

func (t *tabs) add(name, path string) { t.All = append(t.All, tab{name, path}) }

// pager leads through a list that is longer than a page. Lists have cursors, not numbers: what is added or deleted meanwhile
// moves nothing.
type pager struct {
	// Next leads to the rows after these, First to the beginning; "" for nowhere.
	Next, First string
}

// cursor is where the page begins that was asked for, "" for the beginning.
func (v *visit) cursor() string { return v.r.URL.Query().Get("after") }

// pager makes the links under a list; next is where its next page begins, "" at its end. What was searched for stays.
func (v *visit) pager(next string) pager {
	var p pager
	if next != "" {
		p.Next = v.with("after", next)
	}
	if v.cursor() != "" {
		p.First = v.with("after", "")
	}
	return p
}

// with gives the address of this page with another value in its query; "" takes it out.
func (v *visit) with(name, value string) string {
	query := v.r.URL.Query()
	query.Del(name)
	if value != "" {
		query.Set(name, value)
	}
	u := url.URL{Path: v.r.URL.Path, RawQuery: query.Encode()}
	return u.String()
}
