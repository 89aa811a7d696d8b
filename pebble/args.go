package pebble

import "strconv"

// boundArgs are arguments matched to parameters while parsing. Argument i goes
// to slot slots[i] of size; a message instead says why they do not match, which
// by the language's rules only a render reports.
type boundArgs struct {
	args  []expr
	slots []int8 // nil: in order
	size  int
	bad   string // reported once the arguments before it are evaluated
	at    mark
}

// bindArguments matches arguments to parameters. With loose the callee declares
// none: it gets the positional arguments, and named ones are ignored.
func (p *parser) bindArguments(a arguments, params []string, loose bool) boundArgs {
	b := boundArgs{args: a.pos, size: len(a.pos), at: a.at}
	if loose {
		return b
	}
	b.size = len(params)
	if len(a.pos) > len(params) {
		b.args = a.pos[:len(params)]
		b.bad = "The argument at position " + strconv.Itoa(len(params)+1) + " is not allowed. Only " +
			strconv.Itoa(len(params)) + " argument(s) are allowed."
	} else if len(a.named) > 0 {
		b.bindNamed(a, params)
	}
	if b.bad != "" && p.cfg.dialect == DestinationSDK {
		p.failf(a.at, "%s", b.bad)
	}
	return b
}

func (b *boundArgs) bindNamed(a arguments, params []string) {
	b.args = append([]expr(nil), a.pos...)
	for i := range a.pos {
		b.slots = append(b.slots, int8(i))
	}
	for _, n := range a.named {
		slot := indexOf(params, n.name)
		if slot < 0 {
			b.bad = "The following named argument does not exist: " + n.name
			return
		}
		b.args = append(b.args, n.x)
		b.slots = append(b.slots, int8(slot))
	}
}

func indexOf(list []string, s string) int {
	for i, x := range list {
		if x == s {
			return i
		}
	}
	return -1
}

// evaluate puts the arguments on the stack of arguments and returns them. The
// caller restores the stack to its former length when it is done with them.
func (b *boundArgs) evaluate(r *run) ([]Value, error) {
	base := len(r.args)
	if b.slots == nil { // the usual case: each evaluation puts the next one
		for _, x := range b.args {
			if c, ok := x.(*literal); ok {
				r.args = append(r.args, c.v)
				continue
			}
			v, err := x.eval(r)
			if err != nil {
				return nil, err
			}
			r.args = append(r.args, v)
		}
		for len(r.args) < base+b.size {
			r.args = append(r.args, Value{})
		}
	} else if err := b.evaluateNamed(r, base); err != nil {
		return nil, err
	}
	if b.bad != "" {
		return nil, r.fail(KindPebble, b.bad, b.at, "matching arguments")
	}
	return r.args[base : base+b.size : base+b.size], nil
}

func (b *boundArgs) evaluateNamed(r *run, base int) error {
	for range b.size {
		r.args = append(r.args, Value{})
	}
	for i, x := range b.args {
		v, err := x.eval(r)
		if err != nil {
			return err
		}
		r.args[base+int(b.slots[i])] = v
	}
	return nil
}
