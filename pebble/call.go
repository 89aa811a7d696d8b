package pebble

import "errors"

// filterDef is a built-in filter.
type filterDef struct {
	call   func(r *run, in Value, args []Value) (Value, error)
	params []string // nil: takes any arguments and ignores them
	// append, if there is one, appends the text that call would return, and text
	// does that for an input that is a string, where there are no arguments.
	append func(r *run, b []byte, in Value, args []Value) ([]byte, error)
	text   func(b []byte, s string) []byte
	joins  bool // whether this is join
	safe   bool // whether autoescaping leaves that text alone
}

// filterExpr is x | name(arguments).
type filterExpr struct {
	name   string
	input  expr
	args   boundArgs
	def    *filterDef
	custom FilterFunc
	short  shortcut
	at     mark
}

func (e *filterExpr) eval(r *run) (Value, error) {
	base := len(r.args)
	in, args, err := e.operands(r)
	if err != nil {
		return Value{}, err
	}
	v, err := e.apply(r, in, args)
	r.args = r.args[:base]
	if err != nil {
		return Value{}, r.at(err, e.at, `filter "`+e.name+`"`)
	}
	return v, nil
}

// operands evaluates the arguments, then the input. The arguments stay on their
// stack unless there is an error.
func (e *filterExpr) operands(r *run) (in Value, args []Value, err error) {
	if e.def == nil && e.custom == nil {
		return in, nil, r.fail(KindPebble, "Filter ["+e.name+"] does not exist.", e.at, "filter")
	}
	base := len(r.args)
	if e.args.size > 0 || e.args.odd != nil {
		args, err = e.args.evaluate(r)
	}
	if err == nil {
		in, err = e.input.eval(r)
		if err != nil && e.name == "default" && notFound(err) {
			in, err = Value{}, nil
		}
	}
	if err != nil {
		r.args = r.args[:base]
		return in, nil, err
	}
	// Every filter but escape takes a safe string for an ordinary one.
	if in.kind == kSafe && e.name != "escape" {
		in.kind = kString
	}
	return in, args, nil
}

func (e *filterExpr) apply(r *run, in Value, args []Value) (Value, error) {
	if e.custom == nil {
		return e.def.call(r, in, args)
	}
	r.lent = true
	v, err := e.custom(r.ctx, in, append([]Value(nil), args...))
	return r.fromCaller(v, err)
}

// fromCaller checks what a function of the caller returned.
func (r *run) fromCaller(v Value, err error) (Value, error) {
	if err != nil {
		return Value{}, err
	}
	if v.kind == kForeign {
		return Value{}, r.foreign(v)
	}
	if err := r.room(len(v.str())); err != nil {
		return Value{}, err
	}
	return v, r.items(v.length())
}

// notFound reports whether an error says that a variable or attribute does not
// exist, which the filter default and the test defined forgive.
func notFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Kind == KindAttribute || e.Kind == KindRootAttribute)
}
