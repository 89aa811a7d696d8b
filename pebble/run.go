package pebble

import (
	"context"
	"time"
)

// run is one render. Nothing of it outlives the render but its empty buffers.
type run struct {
	ctx     context.Context // for the filters and functions of the caller
	out     []byte
	vars    map[string]any // what the caller gave; never written
	base    []binding      // what is set outside of every scope
	scope   []binding      // what loops, includes and macros bind, innermost last
	floor   int            // of scope: a macro does not see below
	open    int            // of scope: where the innermost scope begins
	nested  bool           // whether any scope is open
	item    *Map           // what the innermost scope's loop binds, nil if unsure
	sealed  bool           // whether a macro hides base, vars and globals
	args    []Value        // stack of arguments
	scratch []byte
	root    *Template   // what Render was called on
	cur     *Template   // whose nodes run
	home    *Template   // in whose source they stand, if in that of another
	chain   []*Template // from the outermost child to its last parent
	one     [1]*Template
	level   int // place in chain
	imports
	limits  *Limits
	strict  bool
	steps   int
	fuel    int
	most    int // limits.OutputBytes
	left    int // of limits.ValueBytes
	depth   int
	nesting int // of lists and maps in one another
	started time.Time
	cached  map[cacheKey]string
	loops   []*loop // for this render and the next ones
	looped  int     // how many of them this one has used
	lent    bool    // whether a function of the caller may have kept a value
	// textStart is where in a buffer the text begins that appendText bounds.
	textStart int
}

type binding struct {
	name  string
	value Value
}

func (r *run) sdk() bool { return r.cur != nil && r.cur.cfg.dialect == DestinationSDK }
