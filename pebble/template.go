package pebble

import (
	"context"
	"io"
	"sync"
)

// Template is a compiled template. It is safe for concurrent use.
type Template struct {
	name   string
	src    string
	root   []piece
	blocks map[string]*blockNode // name → the last block of that name
	macros map[string]*macroNode // name → macro
	cfg    *config
	set    *templateSet // the templates that load one another
	// dynamic reports an expression or a tag anywhere.
	dynamic bool
	extends bool // whether there is an extends tag anywhere
}

// runs holds finished renders for their buffers. Nothing else of them is left,
// so it is no state that one render could see of another.
var runs = sync.Pool{New: func() any { return new(run) }}

// Parse compiles a template. The name appears in errors; an error is an *[Error].
func Parse(name, text string, opts ...Option) (*Template, error) {
	p := parsers.Get().(*parser)
	t := p.slabs.plant(text)
	t.name, t.src, t.cfg = name, text, configOf(opts)
	if t.cfg.loader != nil {
		t.set = &templateSet{templates: map[string]*Template{}}
	}
	err := p.compile(t)
	p.free()
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (p *parser) compile(t *Template) *Error {
	if len(t.src) > t.cfg.limits.TemplateBytes {
		return &Error{
			Kind: KindLimit, Message: "template exceeds the limit TemplateBytes", Template: t.name,
			Limit: "TemplateBytes", Op: "parsing",
		}
	}
	p.t, p.cfg = t, t.cfg
	p.lex.src = t.src
	p.lex.plain = t.cfg.dialect == DestinationSDK
	p.escape = escaping{t.cfg.escape, &t.cfg.escapeName}
	p.next()
	t.root = p.body()
	return p.finish()
}

// finish returns the error to report: a lexical one anywhere comes first.
func (p *parser) finish() *Error {
	if p.err == nil && p.lex.err == nil {
		return nil
	}
	if p.err == nil || p.err.Kind != KindLimit {
		for p.tok.kind = tText; p.lex.err == nil && p.tok.kind != tEOF; {
			p.lex.next(&p.tok)
		}
	}
	if e := p.lex.err; e != nil {
		e.Op = "parsing"
		return e.place(p.t.name, p.lex.src, e.Line, e.shown)
	}
	return p.err
}

// Name returns the name given to Parse.
func (t *Template) Name() string { return t.name }

// Render writes the template to w, with vars as its variables. Nothing is
// written if rendering fails. The error is an *[Error], or that of w.
func (t *Template) Render(ctx context.Context, w io.Writer, vars map[string]any) error {
	r := t.newRun(ctx, vars)
	err := r.template()
	if err == nil {
		_, err = w.Write(r.out)
	}
	t.free(r, err)
	return err
}

// RenderString returns the text of the template, with vars as its variables.
func (t *Template) RenderString(ctx context.Context, vars map[string]any) (string, error) {
	r := t.newRun(ctx, vars)
	err := r.template()
	s := ""
	if err == nil {
		s = string(r.out)
	}
	t.free(r, err)
	return s, err
}

func (t *Template) newRun(ctx context.Context, vars map[string]any) *run {
	r := runs.Get().(*run)
	if r.out == nil {
		r.out = make([]byte, 0, len(t.src)+64)
	}
	r.ctx, r.vars = ctx, vars
	r.root, r.cur, r.one[0] = t, t, t
	r.limits, r.strict = &t.cfg.limits, t.cfg.strict
	r.fuel, r.left, r.most = fuelTank, t.cfg.limits.ValueBytes, t.cfg.limits.OutputBytes
	r.chain = r.one[:]
	return r
}

// maxKept bounds the buffers that a template keeps between renders, in bytes.
const maxKept = 64 << 10

// free clears what r holds of the caller's data and keeps it for the next
// render, unless it failed or did what leaves more behind than that.
func (t *Template) free(r *run, err error) {
	if err != nil || !r.plain() || cap(r.out) > maxKept {
		return
	}
	if cap(r.scratch) > maxKept {
		r.scratch = nil
	}
	// What was printed may be secret: it should not lie around longer than needed.
	clear(r.out)
	clear(r.scratch)
	clear(r.base)
	clear(r.args[:cap(r.args)])
	r.out, r.base, r.args = r.out[:0], r.base[:0], r.args[:0]
	r.ctx, r.vars = nil, nil
	r.root, r.cur, r.one[0], r.limits = nil, nil, nil, nil
	r.steps, r.nesting = 0, 0
	if r.lent {
		r.loops, r.lent = nil, false
	}
	r.looped = 0
	runs.Put(r)
}

// plain reports whether the render used no other template, no cache and little
// time.
func (r *run) plain() bool {
	return len(r.chain) == 1 && r.all == nil && r.aliases == nil && r.macros == nil &&
		r.cached == nil && r.started.IsZero()
}
