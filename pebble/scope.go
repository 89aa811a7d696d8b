package pebble

// frame is what a scope saves of the one around it.
type frame struct {
	floor, open, length int
	nested, sealed      bool
	item                *Map
}

// push opens a scope that sees those around it.
func (r *run) push() frame {
	f := frame{r.floor, r.open, len(r.scope), r.nested, r.sealed, r.item}
	r.open, r.nested, r.item = len(r.scope), true, nil
	return f
}

// seal opens a scope that sees nothing around it.
func (r *run) seal() frame {
	f := r.push()
	r.floor, r.sealed = len(r.scope), true
	return f
}

// pop closes the scope that f was returned for.
func (r *run) pop(f frame) {
	clear(r.scope[f.length:])
	r.scope = r.scope[:f.length]
	r.floor, r.open, r.nested, r.sealed, r.item = f.floor, f.open, f.nested, f.sealed, f.item
}

// bind sets a name in the innermost scope.
func (r *run) bind(name string, v Value) {
	if !r.nested {
		r.rebind(name, v)
		return
	}
	for i := len(r.scope) - 1; i >= r.open; i-- {
		if r.scope[i].name == name {
			r.scope[i].value, r.item = v, nil
			return
		}
	}
	r.scope = append(r.scope, binding{name, v})
}

// rebind sets a name outside of every scope. The caller's map stays as it is.
func (r *run) rebind(name string, v Value) {
	for i := range r.base {
		if r.base[i].name == name {
			r.base[i].value = v
			return
		}
	}
	r.base = append(r.base, binding{name, v})
}

// assign sets a name where it is bound already, else in the innermost scope.
func (r *run) assign(name string, v Value) {
	for i := len(r.scope) - 1; i >= r.floor; i-- {
		if r.scope[i].name == name {
			r.scope[i].value = v
			if i >= r.open {
				r.item = nil
			}
			return
		}
	}
	if r.nested && !r.sealed && r.outside(name) {
		r.rebind(name, v)
		return
	}
	r.bind(name, v)
}

// outside reports whether a name is bound outside of every scope.
func (r *run) outside(name string) bool {
	for i := range r.base {
		if r.base[i].name == name {
			return true
		}
	}
	if _, ok := r.vars[name]; ok {
		return true
	}
	_, ok := r.global(name)
	return ok
}

// find returns where a variable is bound, nil if it is not, from the innermost
// scope outwards. What it finds in the caller's map it keeps in base, where it
// is found faster the next time. The pointer holds until the next assignment.
func (r *run) find(name string) *Value {
	for i := len(r.scope) - 1; i >= r.floor; i-- {
		if b := &r.scope[i]; b.name == name {
			return &b.value
		}
	}
	if r.sealed {
		return nil
	}
	for i := range r.base {
		if b := &r.base[i]; b.name == name {
			return &b.value
		}
	}
	if x, ok := r.vars[name]; ok {
		r.base = append(r.base, binding{name, bind(x)})
		return &r.base[len(r.base)-1].value
	}
	return nil
}

// bound is where the innermost loop binds loop, or its item.
func (r *run) bound(s slot) *Value { return &r.scope[r.open+int(s-loopSlot)].value }

// lookup returns the value of a variable.
func (r *run) lookup(name string) (Value, bool) {
	if v := r.find(name); v != nil {
		return *v, true
	}
	return r.global(name)
}

// global finds the variables that the language defines. They are inert: a
// template cannot reach the engine through them.
func (r *run) global(name string) (Value, bool) {
	if r.sealed || r.sdk() {
		return Value{}, false
	}
	switch name {
	case "_context":
		return Value{kind: kContext}, true
	case "template":
		return Value{kind: kTemplate, o: r.root.name}, true
	case "locale":
		return Value{kind: kLocale}, true
	}
	return Value{}, false
}
