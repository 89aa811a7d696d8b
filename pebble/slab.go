package pebble

import "strings"

// slab hands out memory of one type from chunks, so that a template is a few
// large allocations instead of many small ones. What it has handed out belongs
// to the template.
type slab[T any] struct {
	chunk []T
	used  int // how many of the chunk are handed out
	first int // how many the first chunk holds, 0 to begin with one
}

// maxChunk bounds what a chunk wastes, in items.
const maxChunk = 64

// reserve makes a chunk with room for n more items.
func (s *slab[T]) reserve(n int) {
	size := max(n, s.first, min(2*len(s.chunk), maxChunk))
	if s.chunk != nil && s.first > 0 { // the first one was meant to be enough
		size = max(n, 4)
		s.first = 0
	}
	s.chunk, s.used = make([]T, size), 0
}

// new returns a zero T.
func (s *slab[T]) new() *T {
	if s.used == len(s.chunk) {
		s.reserve(1)
	}
	s.used++
	return &s.chunk[s.used-1]
}

// copy returns a copy of items, nil if there are none.
func (s *slab[T]) copy(items []T) []T {
	n := len(items)
	if n == 0 {
		return nil
	}
	if len(s.chunk)-s.used < n {
		s.reserve(n)
	}
	kept := s.chunk[s.used : s.used+n : s.used+n]
	s.used += n
	copy(kept, items)
	return kept
}

// slabs are the memory of what there is much of in a template.
type slabs struct {
	pieces   slab[piece]
	exprs    slab[expr]
	vars     slab[varExpr]
	attrs    slab[attrExpr]
	literals slab[literal]
	strings  slab[string]
	filters  slab[filterExpr]
	prints   slab[printNode]
	calls    slab[callExpr]
	tests    slab[testExpr]
	concats  slab[concatExpr]
	compares slab[compareExpr]
	ifs      slab[ifNode]
	branches slab[branch]
}

// expect sizes the first chunks for a source with so many opening delimiters, by
// what templates in use hold of each on average.
func (s *slabs) expect(delimiters int) {
	n := min(delimiters, 2*maxChunk)
	s.pieces.first, s.vars.first, s.attrs.first = n*3/2, n, n
	s.prints.first, s.literals.first, s.strings.first = n*2/3, n/2, n*2/5
	s.filters.first, s.tests.first, s.ifs.first, s.branches.first = n/4, n/12, n/12, n/8
}

// seed is a small template with the first chunks of its slabs, as one allocation.
type seed struct {
	t      Template
	pieces [2]piece
	prints [1]printNode
	vars   [1]varExpr
	attrs  [1]attrExpr
}

// callSeed is that of a template with a call.
type callSeed struct {
	seed
	vars     [2]varExpr
	attrs    [2]attrExpr
	exprs    [6]expr
	literals [6]literal
	strings  [6]string
	calls    [1]callExpr
	filters  [1]filterExpr
}

// plant returns an empty template for a source, and sets up its slabs.
func (s *slabs) plant(src string) *Template {
	n := 0
	if len(src) <= maxSeed {
		n = strings.Count(src, "{")
	}
	switch {
	case n == 0 || n > 4:
		s.expect(n / 2)
		return new(Template)
	case strings.IndexByte(src, '(') < 0:
		return s.sow(new(seed))
	}
	c := new(callSeed)
	t := s.sow(&c.seed)
	s.vars.chunk, s.attrs.chunk = c.vars[:], c.attrs[:]
	s.exprs.chunk, s.literals.chunk, s.strings.chunk = c.exprs[:], c.literals[:], c.strings[:]
	s.calls.chunk, s.filters.chunk = c.calls[:], c.filters[:]
	return t
}

// maxSeed bounds the sources that are looked at for how much they will need, in
// bytes.
const maxSeed = 16 << 10

func (s *slabs) sow(d *seed) *Template {
	s.pieces.chunk, s.prints.chunk, s.vars.chunk, s.attrs.chunk = d.pieces[:], d.prints[:], d.vars[:], d.attrs[:]
	return &d.t
}
