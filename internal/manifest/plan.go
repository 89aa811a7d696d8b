package manifest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"latchkey/client"
	"latchkey/internal/jsontree"
)

// Act is what a step does.
type Act string

// The acts.
const (
	Create    Act = "create"
	Change    Act = "change"
	Unchanged Act = "unchanged"
	Delete    Act = "delete"
	// Left is what no file names: nothing is done to it. It would be deleted by pruning.
	Left Act = "left"
)

// Step is what happens to one object.
type Step struct {
	Object *Object `json:"-"`
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
	Act    Act     `json:"act"`
	// Differences are those of a change.
	Differences []Difference `json:"differences,omitempty"`
	// Breaks says what that does to those who rely on the object; Remarks what else to know.
	Breaks  []string `json:"breaks,omitempty"`
	Remarks []string `json:"remarks,omitempty"`

	kind *kind
	id   string
	// thing is what the server has; nil for what is to be made.
	thing any
	// want is the whole spec that the object is to have, with its secrets. It is never shown.
	want *jsontree.Node
}

// changes tells whether a member, or something below it, changes. What is made changes in all it has.
func (s *Step) changes(path string) bool {
	if s.Act == Create {
		return s.want.Find("/"+path) != nil
	}
	return slices.ContainsFunc(s.Differences, func(d Difference) bool { return d.Path == path || strings.HasPrefix(d.Path, path+"/") })
}

// changesTo tells whether a member changes to a value, as JSON.
func (s *Step) changesTo(path, after string) bool {
	return slices.ContainsFunc(s.Differences, func(d Difference) bool { return d.Path == path && d.After == after })
}

// adds tells whether an entry of a keyed list is new.
func (s *Step) adds(path string) bool {
	return slices.ContainsFunc(s.Differences, func(d Difference) bool { return d.Path == path && d.Before == "" })
}

// Plan is what is to be done, in its order.
type Plan struct {
	Steps []*Step `json:"steps"`
}

// Count tells how many steps do something.
func (p *Plan) Count(acts ...Act) int {
	n := 0
	for _, s := range p.Steps {
		if slices.Contains(acts, s.Act) {
			n++
		}
	}
	return n
}

// Empty tells whether there is nothing to do.
func (p *Plan) Empty() bool { return p.Count(Create, Change, Delete) == 0 }

// Config says how to plan.
type Config struct {
	Client *client.Client
	// Sources resolve secrets.
	Sources Sources
	// KeepSecrets leaves a secret as it is on the server when its reference leads to nothing.
	KeepSecrets bool
	// Prune deletes what the server has and no file names, of the kinds of which the files name one at least.
	Prune bool
}

// Make plans what makes the server have what the files say. What is wrong with the files comes back as [Problems].
func Make(ctx context.Context, config Config, objects []*Object) (*Plan, error) {
	p := &planner{Config: config, kinds: kinds(), server: map[identity]*current{}}
	if err := p.checkAll(objects); err != nil {
		return nil, err
	}
	if err := p.load(ctx, objects); err != nil {
		return nil, err
	}
	p.references(objects)
	if err := p.problems.err(); err != nil {
		return nil, err
	}
	plan, err := p.steps(ctx, objects)
	if err != nil {
		return nil, err
	}
	if err := p.problems.err(); err != nil {
		return nil, err
	}
	return plan, nil
}

type planner struct {
	Config
	kinds    []*kind
	problems Problems
	server   map[identity]*current
	order    []*current
	// services are the codes of all that there are.
	services map[string]bool
}

// load reads what the server has, of every kind that the files name or refer to.
func (p *planner) load(ctx context.Context, objects []*Object) error {
	needed := map[string]bool{}
	for _, o := range objects {
		needed[o.Kind] = true
		for _, r := range referencesOf(find(p.kinds, o.Kind), o) {
			needed[r.kind] = true
		}
	}
	for _, k := range p.kinds {
		if !needed[k.name] {
			continue
		}
		found, err := k.list(ctx, p.Client)
		if err != nil {
			return fmt.Errorf("reading what the server has of the kind %s: %w", k.name, err)
		}
		if k.name == "Service" {
			if err := p.loadServices(ctx); err != nil {
				return err
			}
		}
		for _, one := range found {
			if other := p.server[k.identify(&one.Object)]; other != nil {
				p.problems = append(p.problems, Problem{Object: one.String(), Message: "the server has two of that name, which files can't tell apart", Fix: "rename or delete one of them"})
			}
			p.server[k.identify(&one.Object)] = one
			p.order = append(p.order, one)
		}
	}
	return nil
}

func (p *planner) loadServices(ctx context.Context) error {
	p.services = map[string]bool{}
	for v, err := range p.Client.Services(ctx) {
		if err != nil {
			return fmt.Errorf("reading the services: %w", err)
		}
		p.services[v.Code] = !v.Own
	}
	return nil
}

func (p *planner) steps(ctx context.Context, objects []*Object) (*Plan, error) {
	objects = slices.Clone(objects)
	slices.SortStableFunc(objects, func(a, b *Object) int { return cmp.Or(cmp.Compare(p.rank(a), p.rank(b)), cmp.Compare(a.Name, b.Name)) })
	plan, named := &Plan{Steps: []*Step{}}, map[identity]bool{}
	kindsNamed := map[string]bool{}
	for _, o := range objects {
		k := find(p.kinds, o.Kind)
		named[k.identify(o)], kindsNamed[o.Kind] = true, true
		step, err := p.step(ctx, k, o)
		if err != nil {
			return nil, err
		}
		plan.Steps = append(plan.Steps, step)
	}
	var rest []*Step
	for _, one := range p.order {
		k := find(p.kinds, one.Kind)
		if named[k.identify(&one.Object)] || !kindsNamed[one.Kind] {
			continue
		}
		step := &Step{Object: &one.Object, Kind: one.Kind, Name: one.Name, Act: Left, kind: k, id: one.id, thing: one.thing, want: one.Spec}
		if p.Prune {
			step.Act = Delete
			if k.breaks != nil {
				step.Breaks = k.breaks(step)
			}
		}
		rest = append(rest, step)
	}
	slices.SortStableFunc(rest, func(a, b *Step) int { return cmp.Compare(p.rank(b.Object), p.rank(a.Object)) }) // what refers goes first
	plan.Steps = append(plan.Steps, rest...)
	return plan, nil
}

// rank orders objects so that what is referred to is made first. A cloud service of Target may name one of Analytics.
func (p *planner) rank(o *Object) int {
	at := 2 * slices.IndexFunc(p.kinds, func(k *kind) bool { return k.name == o.Kind })
	if o.Kind == "CloudService" && o.Spec.Get("kind").Str() == "target" {
		at++
	}
	return at
}

func (p *planner) step(ctx context.Context, k *kind, o *Object) (*Step, error) {
	s := &Step{Object: o, Kind: o.Kind, Name: o.Name, Act: Create, kind: k, want: o.Spec}
	before := p.server[k.identify(o)]
	want, ok, err := p.resolve(ctx, k, o, before != nil)
	if err != nil || !ok {
		return s, err
	}
	s.want = want
	if before == nil {
		return s, p.try(ctx, s)
	}
	s.id, s.thing, s.Act = before.id, before.thing, Unchanged
	var d differ
	shown := o.Spec
	if k.compare != nil && k.name == "Definition" {
		shown = withoutBody(o.Spec)
	}
	d.members(k.shape, shown, before.Spec, "")
	s.Differences = d.found
	for _, path := range d.fixed {
		p.problems.add(o, "/"+path, "this can't be changed once it is there", "write what it is on the server, or delete it and make another")
	}
	if s.changesTo("published", "false") {
		p.problems.add(o, "/published", "what was published stays so", "write true, or leave it out")
	}
	if s.want, err = overlay(k.shape, want, before.Spec); err != nil {
		return s, err
	}
	if k.compare != nil {
		more, err := k.compare(ctx, p.Client, s)
		if err := p.told(o, err); err != nil {
			return s, err
		}
		s.Differences = merged(s.Differences, more)
	}
	for _, path := range d.kept {
		s.Remarks = append(s.Remarks, path+" is on the server and in no file; it stays")
	}
	if len(s.Differences) > 0 {
		s.Act = Change
		if k.breaks != nil {
			s.Breaks = k.breaks(s)
		}
		return s, p.try(ctx, s)
	}
	return s, nil
}

// withoutBody leaves a definition's document to the server, which knows its secrets.
func withoutBody(spec *jsontree.Node) *jsontree.Node {
	return without(without(without(spec, "authentication"), "destination"), "description")
}

// merged adds differences whose paths are new.
func merged(have, more []Difference) []Difference {
	for _, d := range more {
		if !slices.ContainsFunc(have, func(h Difference) bool { return h.Path == d.Path }) {
			have = append(have, d)
		}
	}
	return have
}

// try asks the server what is wrong with a document that is to be stored.
func (p *planner) try(ctx context.Context, s *Step) error {
	if s.kind.name != "Definition" {
		return nil
	}
	found, err := p.Client.LintDocument(ctx, s.document())
	if err != nil {
		return p.told(s.Object, err)
	}
	for _, problem := range found.Problems {
		if s.want.Find(bodyPointer(s, problem.Pointer)).Masked() {
			continue // what it stands for is there
		}
		if problem.Severity == "error" || problem.Severity == "publish" && s.want.Get("published").Truth() {
			p.problems.add(s.Object, bodyPointer(s, problem.Pointer), problem.Text(), problem.Fix)
		}
	}
	return nil
}

// bodyPointer gives the place in the spec of what the server names in the document.
func bodyPointer(s *Step, pointer string) string {
	if body(s.want) == "destination" {
		return "/destination" + pointer
	}
	return pointer
}
