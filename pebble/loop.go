package pebble

import "strconv"

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

// maxLoops bounds the loop objects that serve one render after the other.
const maxLoops = 8

// newLoop returns a loop object that this render has not used yet: a template
// can keep the loop that it was in.
func (r *run) newLoop(length int) *loop {
	if r.looped == maxLoops {
		return &loop{length: length}
	}
	if r.looped == len(r.loops) {
		r.loops = append(r.loops, new(loop))
	}
	l := r.loops[r.looped]
	r.looped++
	*l = loop{length: length}
	return l
}

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
	l := r.newLoop(length)
	r.scope = append(r.scope, binding{"loop", Value{kind: kLoop, o: l}}, binding{name: n.name})
	if list, ok := v.o.([]any); ok {
		return n.list(r, list, l)
	}
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

func (n *forNode) list(r *run, list []any, l *loop) error {
	for i, x := range list {
		item := Value{kind: kMap, o: x}
		if m, ok := x.(*Map); !ok || m == nil {
			item = bind(x)
		}
		if err := n.pass(r, l, i, item); err != nil {
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
	if b := r.bound(loopSlot); b.kind != kLoop || b.o != any(l) { // the last pass has set it
		*b = Value{kind: kLoop, o: l}
	}
	*r.bound(itemSlot) = item
	r.item, _ = item.o.(*Map)
	return r.body(n.body)
}

// loopField is an attribute of the variable loop.
type loopField uint8

const (
	notLoop   loopField = iota
	loopOther           // an attribute that loop does not have
	loopIndex
	loopLength
	loopRevindex
	loopFirst
	loopLast
)

func loopFieldOf(name string) loopField {
	switch name {
	case "index":
		return loopIndex
	case "length":
		return loopLength
	case "revindex":
		return loopRevindex
	case "first":
		return loopFirst
	case "last":
		return loopLast
	}
	return loopOther
}

// field returns one of the attributes of loop.
func (l *loop) field(f loopField) Value {
	switch f {
	case loopIndex:
		return integer(l.index)
	case loopLength:
		return Value{kind: kLazy, n: int64(l.length)}
	case loopRevindex:
		return Value{kind: kLazy, n: int64(l.length - l.index - 1)}
	case loopFirst:
		return Bool(l.index == 0)
	case loopLast:
		return Bool(l.index == l.length-1)
	}
	return Value{}
}

func (l *loop) appendText(b []byte) []byte {
	b = strconv.AppendBool(append(b, "{last="...), l.index == l.length-1)
	b = strconv.AppendInt(append(b, ", length="...), int64(l.length), 10)
	b = strconv.AppendInt(append(b, ", index="...), int64(l.index), 10)
	b = strconv.AppendInt(append(b, ", revindex="...), int64(l.length-l.index-1), 10)
	b = strconv.AppendBool(append(b, ", first="...), l.index == 0)
	return append(b, '}')
}
