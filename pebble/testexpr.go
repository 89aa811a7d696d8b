package pebble

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
	what   testKind
	x      expr
	args   *boundArgs // nil for none
	negate bool
	at     mark
}

func (e *testExpr) eval(r *run) (Value, error) {
	yes, err := e.test(r)
	if err != nil {
		return Value{}, err
	}
	return Bool(yes), nil
}

func (e *testExpr) test(r *run) (bool, error) {
	if e.what == testUnknown {
		return false, r.fail(KindPebble, "Test ["+e.name+"] does not exist.", e.at, "test")
	}
	if e.args != nil {
		base := len(r.args)
		_, err := e.args.evaluate(r)
		r.args = r.args[:base]
		if err != nil {
			return false, err
		}
	}
	v, err := e.x.eval(r)
	if err != nil {
		if e.what != testDefined || !notFound(err) {
			return false, err
		}
		v = Value{}
	}
	yes, err := applyTest(e.what, v)
	if err != nil {
		return false, r.at(err, e.at, `test "`+e.name+`"`)
	}
	return yes != e.negate, nil
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
