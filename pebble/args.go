package pebble

import "strconv"

// boundArgs are arguments matched to parameters while parsing.
type boundArgs struct {
	args []expr
	size int      // how many values the callee gets
	odd  *oddArgs // nil for positional arguments that match
}

// oddArgs are what is unusual about arguments. Argument i goes to slot slots[i];
// a message says why they do not match, which by the language's rules only a
// render reports.
type oddArgs struct {
	slots []int8 // nil: in order
	bad   string // reported once the arguments before it are evaluated
	at    mark
}

// bad is why the arguments do not match, "" if they do.
func (b *boundArgs) bad() string {
	if b.odd == nil {
		return ""
	}
	return b.odd.bad
}

// bindArguments matches arguments to parameters. With loose the callee declares
// none: it gets the positional arguments, and named ones are ignored.
func (p *parser) bindArguments(a arguments, params []string, loose bool) boundArgs {
	if loose || len(a.named) == 0 && len(a.pos) <= len(params) {
		b := boundArgs{args: a.pos, size: len(params)}
		if loose {
			b.size = len(a.pos)
		}
		return b
	}
	b := boundArgs{args: a.pos, size: len(params), odd: &oddArgs{at: a.at}}
	if len(a.pos) > len(params) {
		b.args = a.pos[:len(params)]
		b.odd.bad = "The argument at position " + strconv.Itoa(len(params)+1) + " is not allowed. Only " +
			strconv.Itoa(len(params)) + " argument(s) are allowed."
	} else {
		b.bindNamed(a, params)
	}
	if b.odd.bad != "" && p.cfg.dialect == DestinationSDK {
		p.failf(a.at, "%s", b.odd.bad)
	}
	return b
}

func (b *boundArgs) bindNamed(a arguments, params []string) {
	b.args = append([]expr(nil), a.pos...)
	for i := range a.pos {
		b.odd.slots = append(b.odd.slots, int8(i))
	}
	for _, n := range a.named {
		slot := indexOf(params, n.name)
		if slot < 0 {
			b.odd.bad = "The following named argument does not exist: " + n.name
			return
		}
		b.args = append(b.args, n.x)
		b.odd.slots = append(b.odd.slots, int8(slot))
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
	if b.odd != nil {
		if err := b.evaluateOdd(r, base); err != nil {
			return nil, err
		}
		return r.args[base : base+b.size : base+b.size], nil
	}
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
	return r.args[base : base+b.size : base+b.size], nil
}

func (b *boundArgs) evaluateOdd(r *run, base int) error {
	for range b.size {
		r.args = append(r.args, Value{})
	}
	for i, x := range b.args {
		v, err := x.eval(r)
		if err != nil {
			return err
		}
		slot := i
		if b.odd.slots != nil {
			slot = int(b.odd.slots[i])
		}
		r.args[base+slot] = v
	}
	if b.odd.bad != "" {
		return r.fail(KindPebble, b.odd.bad, b.odd.at, "matching arguments")
	}
	return nil
}
