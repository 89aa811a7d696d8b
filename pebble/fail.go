package pebble

import "errors"

// fail returns an error at a place of the template that runs.
func (r *run) fail(kind, msg string, m mark, op string) *Error {
	e := &Error{Kind: kind, Message: msg, Op: op}
	return e.place(r.cur.name, r.source(), int(m.at), int(m.line))
}

// source is the text in which what runs stands.
func (r *run) source() string {
	if r.home != nil {
		return r.home.src
	}
	return r.cur.src
}

// at gives an error its place, unless it has one.
func (r *run) at(err error, m mark, op string) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{Kind: KindPebble, Message: err.Error(), FromData: true, cause: err}
		if inner := (*Error)(nil); errors.As(err, &inner) {
			e.Kind, e.Limit = inner.Kind, inner.Limit
		}
	}
	if e.placed {
		return e
	}
	if e.Op == "" || e.Op == "rendering" {
		e.Op = op
	}
	return e.place(r.cur.name, r.source(), int(m.at), int(m.line))
}

// because wraps whatever failed into the message that the Java engine gives
// instead. Limits pass as they are.
func (r *run) because(err error, msg string, m mark, op string) error {
	e, ok := errors.AsType[*Error](err)
	if ok && (e.Kind == KindLimit || e.Kind == KindCanceled) {
		return r.at(err, m, op)
	}
	w := r.fail(KindPebble, msg, m, op)
	w.cause = err
	return w
}

// raise returns an error that its caller places.
func raise(kind, msg string) *Error { return &Error{Kind: kind, Message: msg} }

// raiseData is raise for a message that holds data of the render.
func raiseData(kind, msg string) *Error {
	return &Error{Kind: kind, Message: msg, FromData: true}
}

// cannotCast is the failure of a Java cast.
func cannotCast(v Value, want string) *Error {
	return raise(KindClassCast, "cannot use "+v.typeName()+" as "+want)
}

func (r *run) foreign(v Value) *Error {
	return raise(KindPebble, "value of Go type "+v.str()+" cannot be used in a template")
}
