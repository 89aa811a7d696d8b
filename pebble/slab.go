package pebble

import "strings"

// slab hands out memory of one type from chunks, so that a template is a few
// large allocations instead of many small ones. What it has handed out belongs
// to the template.
type slab[T any] struct {
	chunk []T // up to its length handed out
	first int // how many the first chunk holds, 0 to begin with one
}

// maxChunk bounds what a chunk wastes, in items.
const maxChunk = 64

// reserve makes a chunk with room for n more items.
func (s *slab[T]) reserve(n int) {
	size := max(n, s.first, min(2*cap(s.chunk), maxChunk))
	if s.chunk != nil && s.first > 0 { // the first one was meant to be enough
		size = max(n, 4)
		s.first = 0
	}
	s.chunk = make([]T, 0, size)
}

// new returns a zero T.
func (s *slab[T]) new() *T {
	if len(s.chunk) == cap(s.chunk) {
		s.reserve(1)
	}
	n := len(s.chunk)
	s.chunk = s.chunk[:n+1]
	return &s.chunk[n]
}

// add returns a T with that value.
func (s *slab[T]) add(value T) *T {
	x := s.new()
	*x = value
	return x
}

// copy returns a copy of items, nil if there are none.
func (s *slab[T]) copy(items []T) []T {
	n := len(items)
	if n == 0 {
		return nil
	}
	if cap(s.chunk)-len(s.chunk) < n {
		s.reserve(n)
	}
	m := len(s.chunk)
	s.chunk = s.chunk[:m+n]
	kept := s.chunk[m : m+n : m+n]
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

	unaries   slab[unaryExpr]
	logics    slab[logicExpr]
	equals    slab[equalExpr]
	ariths    slab[arithExpr]
	ternaries slab[ternaryExpr]
	choices   slab[printTernary]
	fors      slab[forNode]
	sets      slab[setNode]
}

// expect sizes the first chunks for a source with so many opening delimiters, by
// what templates in use hold of each on average.
func (s *slabs) expect(delimiters int) {
	n := min(delimiters, 2*maxChunk)
	s.pieces.first, s.vars.first, s.attrs.first = n*3/2, n+2, n
	s.prints.first, s.literals.first, s.strings.first, s.filters.first = n*2/3, n/2, n*2/5, n/4
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

// wildSeed is that of a larger template, whose main slabs are sized by its source.
// It comes with what such a template has a few of.
type wildSeed struct {
	t         Template
	exprs     [2]expr
	calls     [1]callExpr
	tests     [2]testExpr
	concats   [2]concatExpr
	compares  [2]compareExpr
	ifs       [4]ifNode
	branches  [6]branch
	unaries   [1]unaryExpr
	logics    [1]logicExpr
	equals    [2]equalExpr
	ariths    [2]arithExpr
	ternaries [3]ternaryExpr
	choices   [2]printTernary
	fors      [2]forNode
	sets      [1]setNode
}

// plant returns an empty template for a source, and sets up its slabs.
func (s *slabs) plant(src string) *Template {
	n := 0
	if len(src) <= maxSeed {
		n = strings.Count(src, "{")
	}
	switch {
	case len(src) > maxSeed || n > 4:
		s.expect(n / 2)
		return s.scatter(new(wildSeed))
	case n == 0:
		return new(Template)
	case strings.IndexByte(src, '(') < 0:
		return s.sow(new(seed))
	}
	c := new(callSeed)
	t := s.sow(&c.seed)
	s.vars.chunk, s.attrs.chunk = c.vars[:0], c.attrs[:0]
	s.exprs.chunk, s.literals.chunk, s.strings.chunk = c.exprs[:0], c.literals[:0], c.strings[:0]
	s.calls.chunk, s.filters.chunk = c.calls[:0], c.filters[:0]
	return t
}

// maxSeed bounds the sources that are looked at for how much they will need, in
// bytes.
const maxSeed = 16 << 10

func (s *slabs) scatter(w *wildSeed) *Template {
	s.exprs.chunk, s.calls.chunk, s.tests.chunk = w.exprs[:0], w.calls[:0], w.tests[:0]
	s.concats.chunk, s.compares.chunk = w.concats[:0], w.compares[:0]
	s.ifs.chunk, s.branches.chunk, s.fors.chunk, s.sets.chunk = w.ifs[:0], w.branches[:0], w.fors[:0], w.sets[:0]
	s.unaries.chunk, s.logics.chunk, s.equals.chunk = w.unaries[:0], w.logics[:0], w.equals[:0]
	s.ariths.chunk, s.ternaries.chunk, s.choices.chunk = w.ariths[:0], w.ternaries[:0], w.choices[:0]
	return &w.t
}

func (s *slabs) sow(d *seed) *Template {
	s.pieces.chunk, s.prints.chunk, s.vars.chunk, s.attrs.chunk = d.pieces[:0], d.prints[:0], d.vars[:0], d.attrs[:0]
	return &d.t
}
