package pebble

import (
	"context"
	"errors"
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
	sealed  bool           // whether a macro hides base, vars and globals
	args    []Value        // stack of arguments
	scratch []byte
	root    *Template   // what Render was called on
	cur     *Template   // whose nodes run
	chain   []*Template // from the outermost child to its last parent
	one     [1]*Template
	level   int // place in chain
	imports
	limits  *Limits
	strict  bool
	steps   int
	fuel    int
	made    int // bytes of values made so far
	depth   int
	started time.Time
	cached  map[cacheKey]string
	// textStart is where in a buffer the text begins that appendText bounds.
	textStart int
}

type binding struct {
	name  string
	value Value
}

// fuelTank is how much work passes between two looks at the clock, in units of
// about 20 ns. A short render never looks.
const fuelTank = 5_000

// tick counts work and stops the render when its time is over.
func (r *run) tick(n int) error {
	r.fuel -= n
	if r.fuel < 0 {
		return r.refuel()
	}
	return nil
}

func (r *run) refuel() error {
	r.fuel = fuelTank
	if r.ctx != nil {
		if err := r.ctx.Err(); err != nil {
			return &Error{Kind: KindCanceled, Message: "render was canceled", Op: "rendering", cause: err}
		}
	}
	if r.limits.Time <= 0 {
		return nil
	}
	if r.started.IsZero() {
		r.started = time.Now()
	} else if time.Since(r.started) > r.limits.Time {
		return r.limit("Time")
	}
	return nil
}

// step counts a pass of a loop, or a call.
func (r *run) step() error {
	r.steps++
	if r.steps > r.limits.Steps {
		return r.limit("Steps")
	}
	return r.tick(4)
}

func (r *run) enter() error {
	r.depth++
	if r.depth > r.limits.Depth {
		return r.limit("Depth")
	}
	return r.step()
}

func (r *run) leave() { r.depth-- }

// limit returns the error of a breached limit. It has no place yet.
func (r *run) limit(name string) *Error {
	return &Error{Kind: KindLimit, Message: "render exceeds the limit " + name, Limit: name, Op: "rendering"}
}

// write appends to the output.
func (r *run) write(s string) error {
	if len(r.out)+len(s) > r.limits.OutputBytes {
		return r.limit("OutputBytes")
	}
	r.out = append(r.out, s...)
	return nil
}

// sized passes a string through if its length is within bounds.
func (r *run) sized(s string) (Value, error) {
	if err := r.room(len(s)); err != nil {
		return Value{}, err
	}
	return String(s), nil
}

// room asks for n bytes of a string, before it is made.
func (r *run) room(n int) error {
	if n < 0 || n > r.limits.StringBytes {
		return r.limit("StringBytes")
	}
	return r.spend(n)
}

// items asks for a list or map of n items, before it is made.
func (r *run) items(n int) error {
	if n < 0 || n > r.limits.ListItems {
		return r.limit("ListItems")
	}
	return r.spend(n * valueBytes)
}

// valueBytes is about what an item of a list takes.
const valueBytes = 48

// spend counts memory that a value takes, in bytes, and the work of making it.
func (r *run) spend(n int) error {
	r.made += n
	if r.made > r.limits.ValueBytes {
		return r.limit("ValueBytes")
	}
	return r.tick(n >> 6)
}

// fail returns an error at a place of the template that runs.
func (r *run) fail(kind, msg string, m mark, op string) *Error {
	e := &Error{Kind: kind, Message: msg, Op: op}
	return e.place(r.cur.name, r.cur.src, int(m.at), int(m.line))
}

// at gives an error its place, unless it has one.
func (r *run) at(err error, m mark, op string) error {
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Kind: KindPebble, Message: err.Error(), FromData: true, cause: err}
		if inner := (*Error)(nil); errors.As(err, &inner) {
			e.Kind, e.Limit = inner.Kind, inner.Limit
		}
	}
	if e.placed {
		return e
	}
	if e.Op == "" || e.Op == "rendering" {
		e.Op = op
	}
	return e.place(r.cur.name, r.cur.src, int(m.at), int(m.line))
}

// because wraps whatever failed into the message that the Java engine gives
// instead. Limits pass as they are.
func (r *run) because(err error, msg string, m mark, op string) error {
	e, ok := err.(*Error)
	if ok && (e.Kind == KindLimit || e.Kind == KindCanceled) {
		return r.at(err, m, op)
	}
	w := r.fail(KindPebble, msg, m, op)
	w.cause = err
	return w
}

func (r *run) sdk() bool { return r.cur != nil && r.cur.cfg.dialect == DestinationSDK }

// raise returns an error that its caller places.
func raise(kind, msg string) *Error { return &Error{Kind: kind, Message: msg} }

// raiseData is raise for a message that holds data of the render.
func raiseData(kind, msg string) *Error {
	return &Error{Kind: kind, Message: msg, FromData: true}
}

// cannotCast is the failure of a Java cast.
func cannotCast(v Value, want string) *Error {
	return raise(KindClassCast, "cannot use "+v.typeName()+" as "+want)
}

func (r *run) foreign(v Value) *Error {
	return raise(KindPebble, "value of Go type "+v.str()+" cannot be used in a template")
}
