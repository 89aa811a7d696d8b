package pebble

import (
	"errors"
	"sync"
)

// templateSet holds the templates that one outermost template has loaded.
type templateSet struct {
	mu        sync.Mutex
	templates map[string]*Template // name → template
}

// load returns the template called name, compiling it the first time.
func (r *run) load(name string) (*Template, error) {
	missing := &Error{
		Kind: KindLoader, Message: `Could not find template "` + clip(name) + `"`,
		Op: "loading", FromData: true, silent: true,
	}
	t := r.cur
	if t.set == nil {
		return nil, missing
	}
	t.set.mu.Lock()
	defer t.set.mu.Unlock()
	if have, ok := t.set.templates[name]; ok {
		return have, nil
	}
	text, ok := t.cfg.loader.Load(name)
	if !ok {
		return nil, missing
	}
	p := parsers.Get().(*parser)
	loaded := p.slabs.plant(text)
	loaded.name, loaded.src, loaded.cfg, loaded.set = name, text, t.cfg, t.set
	compileErr := p.compile(loaded)
	p.free()
	if compileErr != nil {
		return nil, compileErr
	}
	t.set.templates[name] = loaded
	return loaded, nil
}

// loadNamed evaluates the name of a template and loads it. A null name gives no
// template.
func (r *run) loadNamed(x expr) (*Template, error) {
	v, err := x.eval(r)
	if err != nil || v.kind == kNull {
		return nil, err
	}
	if v.kind != kString {
		return nil, cannotCast(v, "the name of a template")
	}
	t, err := r.load(v.str())
	if missing, ok := errors.AsType[*Error](err); ok && missing.Kind == KindLoader {
		_, static := x.(*literal)
		missing.FromData = !static
	}
	return t, err
}
