package pebble

import "strconv"

// ifNode is if, elseif and else.
type ifNode struct {
	branches []branch
	other    []piece
	at       mark
}

type branch struct {
	cond expr
	body []piece
}

func (n *ifNode) render(r *run) error {
	for i := range n.branches {
		yes, err := r.condition(n.branches[i].cond)
		if err != nil {
			return r.because(err, "Wrong operand(s) type in conditional expression", n.at, `tag "if"`)
		}
		if yes {
			return r.body(n.branches[i].body)
		}
	}
	return r.body(n.other)
}

func (r *run) condition(x expr) (bool, error) {
	v, err := x.eval(r)
	if err != nil {
		return false, err
	}
	if v.kind == kNull && r.strict {
		return false, raise(KindPebble, "null value given to if tag and strict variables is set to true")
	}
	yes, ok := truth(v)
	if !ok {
		return false, cannotCast(v, "a condition")
	}
	return yes, nil
}

// setNode is set.
type setNode struct {
	name string
	x    expr
}

func (n *setNode) render(r *run) error {
	v, err := n.x.eval(r)
	if err != nil {
		return err
	}
	r.assign(n.name, v)
	return nil
}

// forNode is for and its else.
type forNode struct {
	name  string
	in    expr
	body  []piece
	other []piece
	at    mark
}

// loop is the variable loop. One object serves all passes of a loop.
type loop struct{ index, length int }

func (n *forNode) render(r *run) error {
	v, err := n.in.eval(r)
	if err != nil || v.kind == kNull {
		return err
	}
	length := v.length()
	switch v.kind {
	case kList, kArray, kMap:
		if length == 0 {
			return r.body(n.other)
		}
	default:
		s, err := r.text(v)
		if err != nil {
			return err
		}
		e := r.fail(KindPebble, "Not an iterable object. Value = ["+clip(s)+"]", n.at, `tag "for"`)
		e.FromData = true
		return e
	}
	f := r.push()
	defer r.pop(f)
	l := &loop{length: length}
	r.scope = append(r.scope, binding{"loop", Value{kind: kLoop, o: l}}, binding{name: n.name})
	if v.kind == kMap {
		return n.entries(r, v, l)
	}
	for i := range length {
		if err := n.pass(r, l, i, v.at(i)); err != nil {
			return err
		}
	}
	return nil
}

func (n *forNode) entries(r *run, v Value, l *loop) error {
	i := 0
	for key, value := range v.pairs {
		if err := n.pass(r, l, i, Value{kind: kEntry, o: &entry{key, value}}); err != nil {
			return err
		}
		i++
	}
	return nil
}

func (n *forNode) pass(r *run, l *loop, i int, item Value) error {
	if err := r.step(); err != nil {
		return r.at(err, n.at, `tag "for"`)
	}
	if item.kind == kForeign {
		return r.at(r.foreign(item), n.at, `tag "for"`)
	}
	l.index = i
	r.scope[r.open].value = Value{kind: kLoop, o: l} // the last pass may have set it
	*r.item() = item
	return r.body(n.body)
}

// attribute returns one of the attributes of loop.
func (l *loop) attribute(name string) (Value, bool) {
	switch name {
	case "index":
		return integer(l.index), true
	case "length":
		return Value{kind: kLazy, n: int64(l.length)}, true
	case "revindex":
		return Value{kind: kLazy, n: int64(l.length - l.index - 1)}, true
	case "first":
		return Bool(l.index == 0), true
	case "last":
		return Bool(l.index == l.length-1), true
	}
	return Value{}, false
}

func (l *loop) appendText(b []byte) []byte {
	b = strconv.AppendBool(append(b, "{last="...), l.index == l.length-1)
	b = strconv.AppendInt(append(b, ", length="...), int64(l.length), 10)
	b = strconv.AppendInt(append(b, ", index="...), int64(l.index), 10)
	b = strconv.AppendInt(append(b, ", revindex="...), int64(l.length-l.index-1), 10)
	b = strconv.AppendBool(append(b, ", first="...), l.index == 0)
	return append(b, '}')
}

// capturedExpr is the rendered body of a filter tag.
type capturedExpr struct{ body []piece }

func (e *capturedExpr) eval(r *run) (Value, error) {
	s, err := r.capture(e.body)
	return String(s), err
}

// groupNode is a tag that only renders its body: autoescape, parallel.
type groupNode struct{ body []piece }

func (n *groupNode) render(r *run) error { return r.body(n.body) }
