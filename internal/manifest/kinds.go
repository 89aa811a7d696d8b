package manifest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"latchkey/client"
	"latchkey/internal/jsontree"
)

// kind is all that the package knows of one kind of object.
type kind struct {
	name, doc string
	// spec is the type of its spec; see shape.go.
	spec reflect.Type
	// list gives what the server has, each with its spec.
	list func(ctx context.Context, c *client.Client) ([]*current, error)
	// create makes an object; change changes the members that a step names; remove deletes one. What they give is a remark
	// for the person.
	create func(ctx context.Context, c *client.Client, s *Step) (string, error)
	change func(ctx context.Context, c *client.Client, s *Step) (string, error)
	remove func(ctx context.Context, c *client.Client, s *Step) error
	// compare finds differences that the spec does not show, such as secrets; nil for none.
	compare func(ctx context.Context, c *client.Client, s *Step) ([]Difference, error)
	// breaks says what a change does to those who rely on the object; nil for nothing.
	breaks func(s *Step) []string
	// check finds what shape alone does not tell; nil for nothing.
	check func(o *Object, p *Problems)
	// scoped names the member that is part of the object's identity beside its name: a product profile's service.
	scoped string

	shape *shape
}

// current is an object as the server has it.
type current struct {
	Object
	id string
	// thing is what the client gave.
	thing any
	// remarks are for the person who exports it: what the file does not hold.
	remarks []string
}

// kinds are in the order in which objects are made: what refers comes after what it refers to.
func kinds() []*kind {
	all := []*kind{
		serviceKind(), entitlementKind(), profileKind(), projectKind(), credentialKind(), definitionKind(), connectionKind(),
		keyPairKind(), imsKind(), cloudServiceKind(), topicKind(), webhookKind(),
	}
	for _, k := range all {
		k.shape = shapeOf(k.spec)
	}
	return all
}

func find(all []*kind, name string) *kind {
	for _, k := range all {
		if k.name == name {
			return k
		}
	}
	return nil
}

// identity tells objects apart.
type identity struct{ kind, name string }

// identify gives an object's identity. That of a scoped kind holds what it is scoped by.
func (k *kind) identify(o *Object) identity {
	if k.scoped != "" {
		return identity{k.name, o.Spec.Get(k.scoped).Str() + "/" + o.Name}
	}
	return identity{k.name, o.Name}
}

// newCurrent makes a current object of a spec.
func newCurrent[T any](kind, name, id string, spec T, thing any) (*current, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("writing the %s %q: %w", kind, name, err)
	}
	tree, err := jsontree.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("writing the %s %q: %w", kind, name, err)
	}
	return &current{Object: Object{Kind: kind, Name: name, Spec: tree}, id: id, thing: thing}, nil
}

// specOf reads the step's wanted spec.
func specOf[T any](s *Step) (T, error) {
	var spec T
	if err := json.Unmarshal(s.want.Append(nil), &spec); err != nil {
		return spec, fmt.Errorf("reading the spec of %s: %w", s.Object, err)
	}
	return spec, nil
}

// given gives a value where the step changes the member, and nil where it stays.
func given[T any](s *Step, member string, value T) *T {
	if !s.changes(member) {
		return nil
	}
	return &value
}
