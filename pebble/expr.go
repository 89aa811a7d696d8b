package pebble

type literal struct{ v Value }

func (e *literal) eval(*run) (Value, error) { return e.v, nil }

// varExpr is a variable.
type varExpr struct {
	name  string
	at    mark
	guess uint32 // where in base it stands if all before it in the source do
	slot  slot
}

// slot says where in the scope of the innermost loop around a variable is bound.
// What a loop binds comes first in its scope.
type slot uint8

const (
	noSlot slot = iota // look for the name
	loopSlot
	itemSlot
)

// find returns where the variable is bound, nil if it is not.
func (e *varExpr) find(r *run) *Value {
	switch {
	case e.slot != noSlot:
		return r.bound(e.slot)
	case r.nested:
		return r.find(e.name)
	}
	if i := uint(e.guess); i < uint(len(r.base)) && r.base[i].name == e.name {
		return &r.base[i].value
	}
	return r.find(e.name)
}

func (e *varExpr) eval(r *run) (Value, error) {
	var v Value
	if p := e.find(r); p != nil {
		v = *p
	} else if g, ok := r.global(e.name); ok {
		v = g
	} else if r.strict {
		return v, r.noRoot(e.name, e.at)
	}
	if v.kind == kForeign {
		return v, r.at(r.foreign(v), e.at, "variable")
	}
	return v, nil
}

func (r *run) noRoot(name string, m mark) error {
	return r.fail(KindRootAttribute, "Root attribute ["+name+
		"] does not exist or can not be accessed and strict variables is set to true.", m, "variable")
}

// unaryExpr is not, plus and minus.
type unaryExpr struct {
	op operator
	x  expr
	at mark
}

func (e *unaryExpr) eval(r *run) (Value, error) {
	v, err := e.x.eval(r)
	if err != nil {
		return v, err
	}
	if e.op == opNot {
		return e.not(r, v)
	}
	factor := Int(1)
	if e.op == opSubtract {
		factor = Int(-1)
	}
	n, err := toNumber(v)
	if err == nil {
		v, err = arithmetic(opMultiply, factor, n)
	}
	if err != nil {
		return Value{}, r.at(err, e.at, "unary operator")
	}
	return v, nil
}

func (e *unaryExpr) not(r *run, v Value) (Value, error) {
	if v.kind == kNull && r.strict {
		return v, r.fail(KindPebble, "null value given to not() and strict variables is set to true", e.at, `operator "not"`)
	}
	yes, ok := truth(v)
	if !ok {
		return v, r.fail(KindPebble, "Unsupported value type "+simpleName(v.javaClass())+
			`. Expected Boolean, String, Number in "if" statement`, e.at, `operator "not"`)
	}
	return Bool(!yes), nil
}

// simpleName is the last part of a Java class name.
func simpleName(class string) string {
	for i := len(class) - 1; i >= 0; i-- {
		if class[i] == '.' || class[i] == '$' {
			return class[i+1:]
		}
	}
	return class
}

// listExpr is [a, b].
type listExpr struct{ items []expr }

func (e *listExpr) eval(r *run) (Value, error) {
	if err := r.items(len(e.items)); err != nil {
		return Value{}, err
	}
	items := make([]Value, len(e.items))
	for i, x := range e.items {
		v, err := x.eval(r)
		if err != nil {
			return v, err
		}
		items[i] = v
	}
	return List(items...), nil
}

// mapExpr is {a: b}.
type mapExpr struct {
	keys, vals []expr
	at         mark
}

func (e *mapExpr) eval(r *run) (Value, error) {
	if err := r.items(len(e.keys)); err != nil {
		return Value{}, err
	}
	d := &dict{keys: make([]Value, 0, len(e.keys)), vals: make([]Value, 0, len(e.keys))}
	for i, x := range e.keys {
		k, err := x.eval(r)
		if err != nil {
			return k, err
		}
		v, err := e.vals[i].eval(r)
		if err != nil {
			return v, err
		}
		d.set(k, v)
	}
	if r.cur.cfg.javaMaps {
		d.order(tableSize((len(d.keys)*4 + 2) / 3))
	}
	return Value{kind: kMap, o: d}, nil
}
