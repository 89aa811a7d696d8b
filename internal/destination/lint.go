package destination

// LintOptions says how strict publishing is.
type LintOptions struct {
	// AllowHTTP lets URLs be http: for development.
	AllowHTTP bool
}

// Lint gives everything that is wrong with the document, in its order.
func (d *Document) Lint(opts LintOptions) Problems { return nil }
