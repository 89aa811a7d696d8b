package pebble

import "time"

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

// maxNesting bounds the lists and maps in one another that printing or comparing
// goes down into: a loop can nest a list in itself without nesting any source.
const maxNesting = 1000

// descend counts a list or map within another one; each has its ascend.
func (r *run) descend() error {
	r.nesting++
	if r.nesting > maxNesting {
		return r.limit("Depth")
	}
	return r.tick(4)
}

func (r *run) ascend() { r.nesting-- }

// limit returns the error of a breached limit. It has no place yet.
func (r *run) limit(name string) *Error {
	return &Error{Kind: KindLimit, Message: "render exceeds the limit " + name, Limit: name, Op: "rendering"}
}

// write appends to the output.
func (r *run) write(s string) error {
	if len(s) > r.most-len(r.out) {
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
	if uint(n) > uint(r.limits.StringBytes) {
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
	r.left -= n
	r.fuel -= n >> 6
	if r.left|r.fuel < 0 {
		return r.overspent()
	}
	return nil
}

func (r *run) overspent() error {
	if r.left < 0 {
		return r.limit("ValueBytes")
	}
	return r.refuel()
}
