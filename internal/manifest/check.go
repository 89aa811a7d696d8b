package manifest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"latchkey/client"
	"latchkey/internal/jsontree"
	"latchkey/internal/suggest"
)

// Check holds objects against their shapes, without a server: [Problems], or nil.
func Check(objects []*Object) error {
	return (&planner{kinds: kinds()}).checkAll(objects)
}

func (p *planner) checkAll(objects []*Object) error {
	var found Problems
	seen := map[identity]*Object{}
	for _, o := range objects {
		k := find(p.kinds, o.Kind)
		if k == nil {
			found = append(found, p.noKind(o))
			continue
		}
		c := checker{object: o}
		c.check(k.shape, o.Spec, "")
		if k.check != nil && len(c.problems) == 0 {
			k.check(o, &c.problems)
		}
		found = append(found, c.problems...)
		if other := seen[k.identify(o)]; other != nil {
			found = append(found, Problem{Place: o.Place, Object: o.String(), Message: "another document has the same kind and name, at " + other.Place.String(), Fix: "leave one of them out, or give it another name"})
		}
		seen[k.identify(o)] = o
	}
	return found.err()
}

func (p *planner) noKind(o *Object) Problem {
	var names []string
	for _, k := range p.kinds {
		names = append(names, k.name)
	}
	fix := "the kinds are " + strings.Join(names, ", ")
	if near, ok := suggest.Closest(o.Kind, names); ok {
		fix = "did you mean " + near + "?"
	}
	return Problem{Place: o.Place, Object: o.Name, Member: "kind", Message: fmt.Sprintf("there is no kind %.40q", o.Kind), Fix: fix}
}

// reference is a name of another object in a spec.
type reference struct {
	pointer, kind, name string
	// within is what a scoped kind is scoped by.
	within string
}

// referencesOf finds what a spec refers to.
func referencesOf(k *kind, o *Object) []reference {
	if k == nil {
		return nil
	}
	var out []reference
	var walk func(s *shape, n *jsontree.Node, pointer, within string)
	walk = func(s *shape, n *jsontree.Node, pointer, within string) {
		if s.item != nil {
			for i, item := range n.Items() {
				walk(s.item, item, jsontree.Element(pointer, i), within)
			}
			return
		}
		if code := n.Get("service").Str(); code != "" {
			within = code
		}
		for _, m := range n.Members() {
			known := s.member(m.Name)
			if known == nil || known.shape.free {
				continue
			}
			at := jsontree.Child(pointer, m.Name)
			if known.refer != "" && m.Value.Str() != "" {
				out = append(out, reference{at, known.refer, m.Value.Str(), within})
			}
			walk(known.shape, m.Value, at, within)
		}
	}
	walk(k.shape, o.Spec, "", "")
	return out
}

// references refuses names of what is neither in the files nor on the server.
func (p *planner) references(objects []*Object) {
	there, names := map[identity]bool{}, map[string][]string{}
	known := map[string]bool{}
	add := func(o *Object) {
		id := find(p.kinds, o.Kind).identify(o)
		there[id] = true
		names[o.Kind] = append(names[o.Kind], o.Name)
	}
	for _, o := range objects {
		add(o)
		known[o.Kind] = true
	}
	for _, one := range p.order {
		if !p.Prune || !known[one.Kind] {
			add(&one.Object)
		}
	}
	for _, o := range objects {
		for _, r := range referencesOf(find(p.kinds, o.Kind), o) {
			id := identity{r.kind, r.name}
			if find(p.kinds, r.kind).scoped != "" {
				id.name = r.within + "/" + r.name
			}
			// A service is the organization's own, or a built-in one that it is entitled to.
			if there[id] || r.kind == "Service" && (there[identity{"Entitlement", r.name}] || p.builtIn(r.name)) {
				continue
			}
			fix := "add a document for it, or name one that is there"
			if near, ok := suggest.Closest(r.name, names[r.kind]); ok {
				fix = "did you mean " + near + "?"
			}
			p.problems.add(o, r.pointer, fmt.Sprintf("there is no %s %q, in the files or on the server", r.kind, r.name), fix)
		}
		p.workspace(o, objects)
	}
}

// builtIn tells whether a code is that of a service that comes with Latchkey. Whether the organization may use it is the
// server's to say.
func (p *planner) builtIn(code string) bool {
	return p.services[code]
}

// workspace holds a credential's workspace against its project's.
func (p *planner) workspace(o *Object, objects []*Object) {
	if o.Kind != "Credential" {
		return
	}
	project, name := o.Spec.Get("project").Str(), o.Spec.Get("workspace").Str()
	var names []string
	for _, other := range objects {
		if other.Kind == "Project" && other.Name == project {
			names = append(names, workspaceNames(other.Spec)...)
		}
	}
	if is := p.server[identity{"Project", project}]; is != nil {
		names = append(names, workspaceNames(is.Spec)...)
	} else if len(names) == 0 {
		names = []string{"Production", "Stage"} // what a project without any begins with
	}
	if contains(names, name) {
		return
	}
	fix := "its workspaces are " + strings.Join(names, ", ")
	if near, ok := suggest.Closest(name, names); ok {
		fix = "did you mean " + near + "?"
	}
	p.problems.add(o, "/workspace", fmt.Sprintf("the project %s has no workspace %q, in the files or on the server", project, name), fix)
}

func workspaceNames(spec *jsontree.Node) []string {
	var out []string
	for _, w := range spec.Get("workspaces").Items() {
		out = append(out, w.Get("name").Str())
	}
	return out
}

// resolve gives the spec with its secrets in it; false when one leads to nothing, which is a problem then.
func (p *planner) resolve(ctx context.Context, k *kind, o *Object, there bool) (*jsontree.Node, bool, error) {
	pointers := referredSecrets(k, o)
	if len(pointers) == 0 {
		return o.Spec, true, nil
	}
	want, err := jsontree.Parse(o.Spec.Append(nil))
	if err != nil {
		return nil, false, fmt.Errorf("reading the spec of %s: %w", o, err)
	}
	complete := true
	for _, pointer := range pointers {
		at := want.Find(pointer)
		if there && k.name == "KeyPair" {
			put(at, mask) // it is never sent again
			continue
		}
		value, err := p.Sources.resolve(ctx, Reference(at.Text))
		missing, ok := errors.AsType[*missingSecret](err)
		switch {
		case err == nil:
			put(at, value.Reveal()) // the wanted spec is sent, and never shown
		case !ok:
			return nil, false, err
		case p.KeepSecrets && there:
			put(at, mask)
		default:
			fix := missing.fix
			if there {
				fix = strings.TrimPrefix(fix+", or keep what the server has: --keep-secrets", ", ")
			}
			p.problems.add(o, pointer, missing.text, fix)
			complete = false
		}
	}
	return want, complete, nil
}

// referredSecrets gives the pointers of the references to secrets in a spec.
func referredSecrets(k *kind, o *Object) []string {
	var out []string
	switch k.name {
	case "Definition":
		return secretsOf(o)
	case "Connection":
		for _, m := range o.Spec.Get("fields").Members() {
			if looksReferred(m.Value.Str()) {
				out = append(out, jsontree.Child("/fields", m.Name))
			}
		}
		return out
	}
	for _, m := range k.shape.members {
		if m.shape.secret && o.Spec.Get(m.name) != nil {
			out = append(out, jsontree.Child("", m.name))
		}
	}
	return out
}

// told makes a server's words about a document problems of the files, at their places. Other errors are given back.
func (p *planner) told(o *Object, err error) error {
	refused, ok := errors.AsType[*client.Error](err)
	if !ok || refused.Status < 400 || refused.Status >= 500 || refused.Status == 401 || refused.Status == 403 || refused.Status == 429 {
		return err
	}
	for _, one := range refused.Errors {
		p.problems.add(o, one.Pointer, one.Text(), one.Fix)
	}
	if len(refused.Errors) == 0 {
		p.problems.add(o, "", refused.Summary(), "")
	}
	return nil
}
