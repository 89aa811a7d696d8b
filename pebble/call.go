package pebble

// filterDef is a built-in filter.
type filterDef struct {
	call   func(r *run, in Value, args []Value) (Value, error)
	params []string // nil: takes any arguments and ignores them
	// append, if there is one, appends the text that call would return.
	append func(r *run, b []byte, in Value, args []Value) ([]byte, error)
}

// filterExpr is x | name(arguments).
type filterExpr struct {
	name   string
	input  expr
	args   boundArgs
	def    *filterDef
	custom FilterFunc
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
	if e.args.size > 0 || e.args.bad != "" {
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

// stream is for filters that can append.
func (e *filterExpr) stream(r *run) error {
	base := len(r.args)
	in, args, err := e.operands(r)
	if err != nil {
		return err
	}
	out, err := e.def.append(r, r.out, in, args)
	r.args = r.args[:base]
	if err == nil {
		err = r.appended(out)
	}
	if err != nil {
		return r.at(err, e.at, `filter "`+e.name+`"`)
	}
	return nil
}

func (e *filterExpr) apply(r *run, in Value, args []Value) (Value, error) {
	if e.custom == nil {
		return e.def.call(r, in, args)
	}
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
	e, ok := err.(*Error)
	return ok && (e.Kind == KindAttribute || e.Kind == KindRootAttribute)
}

// testKind is a built-in test.
type testKind uint8

const (
	testUnknown testKind = iota
	testNull
	testDefined
	testEmpty
	testEven
	testOdd
	testIterable
	testMap
)

func testOf(name string) testKind {
	switch name {
	case "null":
		return testNull
	case "defined":
		return testDefined
	case "empty":
		return testEmpty
	case "even":
		return testEven
	case "odd":
		return testOdd
	case "iterable":
		return testIterable
	case "map":
		return testMap
	}
	return testUnknown
}

func testNames() []string {
	return []string{"null", "defined", "empty", "even", "odd", "iterable", "map"}
}

// testExpr is x is name and x is not name.
type testExpr struct {
	name   string
	test   testKind
	x      expr
	args   boundArgs
	negate bool
	at     mark
}

func (e *testExpr) eval(r *run) (Value, error) {
	if e.test == testUnknown {
		return Value{}, r.fail(KindPebble, "Test ["+e.name+"] does not exist.", e.at, "test")
	}
	if len(e.args.args) > 0 {
		base := len(r.args)
		_, err := e.args.evaluate(r)
		r.args = r.args[:base]
		if err != nil {
			return Value{}, err
		}
	}
	v, err := e.x.eval(r)
	if err != nil {
		if e.test != testDefined || !notFound(err) {
			return v, err
		}
		v = Value{}
	}
	yes, err := applyTest(e.test, v)
	if err != nil {
		return Value{}, r.at(err, e.at, `test "`+e.name+`"`)
	}
	return Bool(yes != e.negate), nil
}

func applyTest(t testKind, v Value) (bool, error) {
	switch t {
	case testNull:
		return v.kind == kNull, nil
	case testDefined:
		return v.kind != kNull, nil
	case testEmpty:
		return isEmpty(v), nil
	case testIterable:
		return v.kind == kList || v.kind == kArray, nil
	case testMap:
		return v.kind == kMap || v.kind == kContext, nil
	}
	name := "even"
	if t == testOdd {
		name = "odd"
	}
	switch v.kind {
	case kInt, kLong:
		return (v.n%2 == 0) == (t == testEven), nil
	case kNull:
		return false, raise(KindPebble, `Can not pass null value to "`+name+`" test.`)
	}
	return false, cannotCast(v, "an integer")
}

// isEmpty is the test empty: zero, false and safe strings are not.
func isEmpty(v Value) bool {
	switch v.kind {
	case kNull:
		return true
	case kString:
		return isBlank(v.str())
	case kList, kMap:
		return v.length() == 0
	}
	return false
}

// isBlank reports whether Java's trim leaves nothing of s.
func isBlank(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] > ' ' {
			return false
		}
	}
	return true
}

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
	macro  arguments
	at     mark
}

func (e *callExpr) eval(r *run) (Value, error) {
	if e.def == nil && e.custom == nil {
		return r.callMacro(e.name, &e.macro, e.at)
	}
	base := len(r.args)
	args, err := e.args.evaluate(r)
	if err != nil {
		r.args = r.args[:base]
		return Value{}, err
	}
	var v Value
	if e.custom != nil {
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
