package api

import (
	"encoding/base64"
	"sort"
)

// Page is a part of a list.
type Page[T any] struct {
	Items      []T    `json:"items" nullable:"false" doc:"The things, in the list's order."`
	NextCursor string `json:"next_cursor,omitempty" doc:"Send it as ?cursor= for the next part; absent at the end."`
	Limit      int    `json:"limit" doc:"How many a part has at most." example:"50"`
}

// Paging is the part of an input that asks for one part of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many to give."`
	Cursor string `query:"cursor" doc:"The next_cursor of the part before."`
}

// page cuts a part out of a list that is whole in memory, sorted by name. The cursor holds the last name that was
// given, so that things that come or go meanwhile shift nothing.
func page[T any](all []T, p Paging, name func(T) string) (Page[T], error) {
	start := 0
	if p.Cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(p.Cursor)
		if err != nil {
			return Page[T]{}, badCursor()
		}
		start = sort.Search(len(all), func(i int) bool { return name(all[i]) > string(after) })
	}
	end := min(start+p.Limit, len(all))
	out := Page[T]{Items: append([]T{}, all[start:end]...), Limit: p.Limit}
	if end < len(all) {
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(name(all[end-1])))
	}
	return out, nil
}

func badCursor() *Problem {
	return invalid(Item{Parameter: "cursor", Message: "the cursor is not one that a list gave", Fix: "Leave it out to begin anew."})
}

// mapped gives what f makes of each element, and a list where there is none.
func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, v := range list {
		out = append(out, f(v))
	}
	return out
}
