package pebble

// slab hands out memory of one type from chunks, so that a template is a few
// large allocations instead of many small ones. What it has handed out belongs
// to the template.
type slab[T any] struct {
	free []T
	size int // of the last chunk
}

// maxChunk bounds what a chunk wastes, in items.
const maxChunk = 64

// reserve makes a chunk with room for n more items.
func (s *slab[T]) reserve(n int) {
	s.size = max(n, min(2*s.size, maxChunk))
	s.free = make([]T, s.size)
}

// new returns a zero T.
func (s *slab[T]) new() *T {
	if len(s.free) == 0 {
		s.reserve(1)
	}
	x := &s.free[0]
	s.free = s.free[1:]
	return x
}

// copy returns a copy of items, nil if there are none.
func (s *slab[T]) copy(items []T) []T {
	n := len(items)
	if n == 0 {
		return nil
	}
	if len(s.free) < n {
		s.reserve(n)
	}
	kept := s.free[:n:n]
	s.free = s.free[n:]
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
	filters  slab[filterExpr]
	prints   slab[printNode]
}

// expect sizes the first chunks for a source with so many opening delimiters.
func (s *slabs) expect(delimiters int) {
	n := min(delimiters, maxChunk) / 2
	s.pieces.size, s.vars.size, s.attrs.size = n, n/2, n/2
	s.prints.size, s.literals.size = n/2, n/4
}
