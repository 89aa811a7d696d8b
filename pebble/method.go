package pebble

// method answers a call of a method. Values have none here: reaching Go or Java
// code from a template is how template engines get broken into. Names that mean
// something in Java fail loudly; others are null, or missing when strict.
func (r *run) method(base Value, name string) (Value, error) {
	if err := refused(base, name); err != nil {
		return Value{}, err
	}
	return r.missing(base, String(name))
}

// refused returns the error for a name that is a method in Java.
func refused(base Value, name string) error {
	if err := denied(name); err != nil {
		return err
	}
	if isJavaMethod(base.kind, name) {
		return raise("ClassAccessException", "methods cannot be called: "+name+
			" of "+base.typeName()+"; use a filter, a test or an operator")
	}
	return nil
}

// denied is the Java engine's refusal of the methods that every object has.
func denied(name string) *Error {
	sig := ""
	switch name {
	case "class", "getClass":
		sig = "public final native java.lang.Class java.lang.Object.getClass()"
	case "notify":
		sig = "public final native void java.lang.Object.notify()"
	case "notifyAll":
		sig = "public final native void java.lang.Object.notifyAll()"
	case "wait":
		sig = "public final void java.lang.Object.wait() throws java.lang.InterruptedException"
	default:
		return nil
	}
	return raise("ClassAccessException", "For security reasons access to "+sig+" method is denied.")
}

// isJavaMethod reports whether a value of the kind has the method in Java.
func isJavaMethod(k kind, name string) bool {
	switch name {
	case "toString", "hashCode":
		return true
	case "size", "isEmpty", "clear", "remove", "get", "forEach":
		return k == kList || k == kMap
	case "add", "addAll", "indexOf", "lastIndexOf", "subList", "iterator", "stream", "toArray", "removeAll", "set":
		return k == kList || k == kString && (name == "indexOf" || name == "lastIndexOf")
	case "put", "putAll", "keySet", "values", "entrySet", "getOrDefault", "containsKey", "containsValue":
		return k == kMap
	case "getKey", "getValue", "setValue":
		return k == kEntry
	case "intValue", "longValue", "doubleValue", "floatValue", "compareTo":
		return k >= kInt && k <= kDouble
	case "length", "isBlank", "trim", "strip", "toUpperCase", "toLowerCase", "startsWith", "endsWith",
		"replace", "replaceAll", "replaceFirst", "matches", "split", "concat", "equalsIgnoreCase",
		"substring", "charAt", "repeat", "getBytes":
		return k == kString
	}
	return false
}

// methodExpr is x.name(arguments): a macro of an import, or the call of a method
// on a value, which this engine does not make.
type methodExpr struct {
	x    expr
	name string
	args arguments
	at   mark
}

func (e *methodExpr) eval(r *run) (Value, error) {
	if t := r.aliasOf(e.x); t != nil {
		return r.callAlias(t, e)
	}
	base, err := e.x.eval(r)
	if err != nil {
		return base, err
	}
	for _, x := range e.args.pos {
		if _, err := x.eval(r); err != nil {
			return base, err
		}
	}
	if base.kind == kNull {
		if r.strict {
			return base, r.at(nullBase(e.x), e.at, "method")
		}
		return base, nil
	}
	v, err := r.method(base, e.name)
	if err != nil {
		err = r.at(err, e.at, "method")
	}
	return v, err
}

// aliasOf returns the template that import has given the name x, if any.
func (r *run) aliasOf(x expr) *Template {
	if v, ok := x.(*varExpr); ok && r.aliases != nil {
		return r.aliases[v.name]
	}
	return nil
}

func (r *run) callAlias(t *Template, e *methodExpr) (Value, error) {
	p := r.place()
	defer r.back(p)
	n := t.macros[e.name]
	if n == nil {
		return Value{}, r.fail(KindPebble, "Function or Macro ["+e.name+"] does not exist.", e.at, "function or macro")
	}
	return r.invoke(n, t, &e.args, p.cur)
}
