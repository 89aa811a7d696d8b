package pebble

import "context"

// Dialect selects what a template may use.
type Dialect uint8

const (
	// Language is the Pebble language, with autoescaping to HTML.
	Language Dialect = iota
	// DestinationSDK is the subset that Adobe's Destination SDK permits, with
	// the functions and filters it adds and autoescaping off. What is not in
	// the subset is refused when the template is parsed.
	DestinationSDK
)

// Loader finds the templates that tags such as include name.
type Loader interface {
	// Load returns the text of the template called name. It MUST be safe for
	// concurrent use, and SHOULD hold an explicit set rather than read paths:
	// a template can compute the name.
	Load(name string) (text string, ok bool)
}

// MapLoader is a [Loader] of the templates in it, by name.
type MapLoader map[string]string

// Load returns the template called name.
func (m MapLoader) Load(name string) (string, bool) {
	text, ok := m[name]
	return text, ok
}

// FilterFunc is a filter written in Go. args holds one value for each declared
// parameter, null where the template gives none.
type FilterFunc func(ctx context.Context, input Value, args []Value) (Value, error)

// Func is a function written in Go. Without declared parameters args holds the
// positional arguments as they are given; with them, one value for each.
type Func func(ctx context.Context, args []Value) (Value, error)

type customFilter struct {
	params []string
	call   FilterFunc
}

type customFunc struct {
	params []string
	call   Func
}

// Option changes how Parse works.
type Option func(*config)

// config is fixed once Parse returns.
type config struct {
	dialect    Dialect
	escape     strategy
	escapeName string // strategy as given, when unknown
	escapeSet  bool
	strict     bool
	javaMaps   bool
	limits     Limits
	loader     Loader
	filters    map[string]customFilter // name → filter
	functions  map[string]customFunc   // name → function
}

// defaults is the config of templates without options. Nothing writes to it.
var defaults = newConfig(nil)

func configOf(opts []Option) *config {
	if len(opts) == 0 {
		return defaults
	}
	return newConfig(opts)
}

func newConfig(opts []Option) *config {
	c := new(config)
	for _, o := range opts {
		o(c)
	}
	if !c.escapeSet && c.dialect == Language {
		c.escape = escapeHTML
	}
	if c.limits == (Limits{}) {
		c.limits = c.dialect.limits()
	} else {
		c.limits = c.limits.fill(c.dialect.limits())
	}
	return c
}

// WithDialect selects the dialect; [Language] is the default.
func WithDialect(d Dialect) Option { return func(c *config) { c.dialect = d } }

// WithAutoescape sets the strategy for what {{ }} prints: html, js, css,
// url_param, json, or "" for none. The default is html in [Language] and none
// in [DestinationSDK].
func WithAutoescape(strategy string) Option {
	return func(c *config) {
		c.escape, c.escapeName, c.escapeSet = strategyOf(strategy), strategy, true
		if strategy == "" {
			c.escape = escapeNone
		}
	}
}

// WithStrict makes a variable or attribute that does not exist an error instead
// of null.
func WithStrict(on bool) Option { return func(c *config) { c.strict = on } }

// WithLimits replaces limits of the dialect.
func WithLimits(l Limits) Option { return func(c *config) { c.limits = l } }

// WithLoader sets where include, extends, import and embed find templates.
func WithLoader(l Loader) Option { return func(c *config) { c.loader = l } }

// WithJavaMapOrder makes map literals and the result of merge iterate in the
// order of Java's HashMap instead of the order in which they are written.
func WithJavaMapOrder() Option { return func(c *config) { c.javaMaps = true } }

// WithFilter adds a filter with the given parameters, or replaces a built-in.
func WithFilter(name string, f FilterFunc, params ...string) Option {
	return func(c *config) {
		if c.filters == nil {
			c.filters = map[string]customFilter{}
		}
		c.filters[name] = customFilter{params, f}
	}
}

// WithFunction adds a function with the given parameters, or replaces a
// built-in. Without parameters it takes any number of positional arguments.
func WithFunction(name string, f Func, params ...string) Option {
	return func(c *config) {
		if c.functions == nil {
			c.functions = map[string]customFunc{}
		}
		c.functions[name] = customFunc{params, f}
	}
}
