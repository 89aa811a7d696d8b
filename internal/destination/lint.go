package destination

import (
	"cmp"
	"slices"
	"strings"

	"latchkey/internal/jsontree"
	"latchkey/internal/suggest"
)

// LintOptions says how strict publishing is.
type LintOptions struct {
	// AllowHTTP lets URLs be http: for development.
	AllowHTTP bool
}

// Lint gives everything that is wrong with the document, in its order.
func (d *Document) Lint(opts LintOptions) Problems {
	problems := d.lintFrame()
	for i := range min(d.Configurations(), maxItems) {
		_, found := d.compile(i, opts)
		problems = append(problems, found...)
	}
	for _, pointer := range d.missingSecrets() {
		problems = append(problems, Problem{
			Pointer: pointer, Severity: Unpublishable,
			Message: "this says " + Mask + ", and there is no stored secret that it could keep",
			Fix:     "send the secret itself",
		})
	}
	d.sort(problems)
	return problems
}

// Compile makes the plan of one entry. It fails with [Problems] when the entry cannot run. (Whether plain http may be
// used is asked when publishing, and again by whoever sends.)
func (d *Document) Compile(index int) (*Plan, error) {
	if index < 0 || index >= d.Configurations() {
		problems := d.lintFrame().AtLeast(Unpublishable)
		if len(problems) == 0 {
			problems = Problems{{
				Pointer: jsontree.Child("", entriesMember), Severity: Unpublishable,
				Message: "the definition has no configuration of that number; they count from 0",
			}}
		}
		return nil, problems
	}
	plan, problems := d.compile(index, LintOptions{AllowHTTP: true})
	if problems.HasUnpublishable() {
		problems = problems.AtLeast(Unpublishable)
		d.sort(problems)
		return nil, problems
	}
	return plan, nil
}

// sort puts problems in the order of the document, the worst first at each place.
func (d *Document) sort(problems Problems) {
	order := map[string]int{}
	d.root.Walk("", func(pointer string, _ *jsontree.Node) { order[pointer] = len(order) })
	place := func(pointer string) int {
		for {
			if at, ok := order[pointer]; ok || pointer == "" {
				return at
			}
			pointer = pointer[:strings.LastIndexByte(pointer, '/')]
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(place(a.Pointer), place(b.Pointer)), cmp.Compare(b.Severity, a.Severity))
	})
}

// lintFrame checks what stands around the entries.
func (d *Document) lintFrame() Problems {
	c := &compiler{}
	root := d.root
	for _, name := range []string{"name", "description", "status"} {
		c.text(root, "", name)
	}
	if root.Get("status") != nil {
		c.enum(root.Get("status"), "/status", "the status", "TEST", "PUBLISHED", "DELETED")
	}
	entries, wrapped := root.Get(entriesMember), root.Get(wrapperMember)
	switch {
	case entries != nil && wrapped != nil:
		c.refuse(jsontree.Child("", wrapperMember), "the document has both "+entriesMember+" and "+wrapperMember, "keep one of them")
	case d.form == wholeForm && entries.Absent():
		c.noEntries(root)
	case d.form == wholeForm && entries.Is(jsontree.Array) && len(entries.Items()) == 0:
		c.unpublishable(jsontree.Child("", entriesMember), "there is no way for a customer to log in",
			`add an entry: {"authType": "OAUTH2", "grant": "…"}`)
	case d.form == wholeForm:
		c.items(entries, jsontree.Child("", entriesMember))
	}
	return c.problems
}

// noEntries says of a document without entries that it can't be connected to. A misspelt member is refused: stored as
// one that nobody knows, it would only be found out when it is needed.
func (c *compiler) noEntries(root *jsontree.Node) {
	for _, m := range root.Members() {
		if m.Name == entriesMember { // it is null
			continue
		}
		if found, ok := suggest.Closest(m.Name, []string{entriesMember, wrapperMember}); ok {
			c.refuse(jsontree.Child("", m.Name), "there is no member "+shown(m.Name), "is "+shown(m.Name)+" meant to be "+shown(found)+"?")
			return
		}
	}
	c.unpublishable(jsontree.Child("", entriesMember), "the document says nothing about how a customer logs in",
		`add "customerAuthenticationConfigurations": [{"authType": "OAUTH2", "grant": "…"}]`)
}
