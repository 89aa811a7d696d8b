package pebble

import "sort"

// Check returns what fails whenever a render gets there, in the order of the
// source: filters, tests and functions that do not exist, and arguments that do
// not match. In [DestinationSDK] there is never any, because Parse refuses it. A
// function may be a macro: none counts as missing where macros may come from a
// template that only a render loads, its parents among them but not its children.
func (t *Template) Check() []*Error {
	a := t.analyze()
	faults := a.faults
	for _, c := range a.unknown {
		if !a.imports && t.macros[c.name] == nil && !a.imported[c.name] {
			faults = append(faults, t.fault("Function or Macro ["+c.name+"] does not exist."+
				didYouMean(c.name, functionNames(t.cfg)), c.at, "function or macro"))
		}
	}
	sort.SliceStable(faults, func(i, j int) bool {
		a, b := faults[i], faults[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return faults
}

func (t *Template) fault(msg string, m mark, op string) *Error {
	e := &Error{Kind: KindPebble, Message: msg, Op: op}
	return e.place(t.name, t.src, int(m.at), int(m.line))
}

// fault notes what Check returns.
func (a *analysis) fault(msg string, m mark, op string) {
	a.faults = append(a.faults, a.t.fault(msg, m, op))
}

func (a *analysis) arguments(b *boundArgs) {
	a.exprs(b.args...)
	if b.bad() != "" {
		a.fault(b.bad(), b.odd.at, "matching arguments")
	}
}

// call notes a function that is called.
func (a *analysis) call(e *callExpr) {
	a.calls[e.name] = true
	a.arguments(&e.args)
	switch {
	case e.macro != nil:
		a.unknown = append(a.unknown, e)
	case e.def != nil && e.def.check != nil:
		if msg := e.def.check(arguments{pos: e.args.args}); msg != "" {
			a.fault(msg, e.at, `function "`+e.name+`"`)
		}
	}
}
