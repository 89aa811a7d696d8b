package pebble

// functionDef is a built-in function.
type functionDef struct {
	call   func(r *run, args []Value) (Value, error)
	params []string // nil: takes any positional arguments
	check  func(a arguments) string
	append func(r *run, b []byte, args []Value) ([]byte, error) // as of filterDef
}

// callExpr is name(arguments): a function, or a macro looked up when it runs.
type callExpr struct {
	name   string
	args   boundArgs
	def    *functionDef
	custom Func
	macro  *arguments // of a macro; args has those of a function
	at     mark
}

func (e *callExpr) eval(r *run) (Value, error) {
	if e.def == nil && e.custom == nil {
		return r.callMacro(e.name, e.macro, e.at)
	}
	base := len(r.args)
	args, err := e.args.evaluate(r)
	if err != nil {
		r.args = r.args[:base]
		return Value{}, err
	}
	var v Value
	if e.custom != nil {
		r.lent = true
		v, err = e.custom(r.ctx, append([]Value(nil), args...))
		v, err = r.fromCaller(v, err)
	} else {
		v, err = e.def.call(r, args)
	}
	r.args = r.args[:base]
	if err != nil {
		return Value{}, r.at(err, e.at, `function "`+e.name+`"`)
	}
	return v, nil
}

// stream is for functions that can append.
func (e *callExpr) stream(r *run) error {
	base := len(r.args)
	args, err := e.args.evaluate(r)
	if err != nil {
		r.args = r.args[:base]
		return err
	}
	out, err := e.def.append(r, r.out, args)
	r.args = r.args[:base]
	if err == nil {
		err = r.appended(out)
	}
	if err != nil {
		return r.at(err, e.at, `function "`+e.name+`"`)
	}
	return nil
}
