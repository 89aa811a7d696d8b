package destination

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"latchkey/internal/secret"
	"latchkey/pebble"
)

// Fields are the values that a customer entered, by name. They are typed (string, bool, pebble.Number, *pebble.Map)
// and those of secret prompts are held as [secret.String]. Fields do not change; the zero value has none.
type Fields struct {
	public  map[string]any           // name → typed value
	secrets map[string]secret.String // name → its text
}

// NewFields puts fields together from their two halves; the store reads them back with it. Numbers may be of any Go
// type, or json.Number.
func NewFields(public map[string]any, secrets map[string]secret.String) (Fields, error) {
	f := Fields{public: make(map[string]any, len(public)), secrets: maps.Clone(secrets)}
	for name, value := range public {
		typed, err := typedValue(value)
		if err != nil {
			return Fields{}, fmt.Errorf("reading the field %q: %w", name, err)
		}
		f.public[name] = typed
	}
	return f, nil
}

// Names gives the names of all fields, sorted.
func (f Fields) Names() []string {
	names := slices.Collect(maps.Keys(f.public))
	names = slices.AppendSeq(names, maps.Keys(f.secrets))
	slices.Sort(names)
	return names
}

// Public gives the values that are no secrets; they encode as JSON with their types kept.
func (f Fields) Public() map[string]any { return maps.Clone(f.public) }

// Secrets gives the secret values.
func (f Fields) Secrets() map[string]secret.String { return maps.Clone(f.secrets) }

// Value gives a field's typed value; a secret's is a [secret.String].
func (f Fields) Value(name string) (any, bool) {
	if s, ok := f.secrets[name]; ok {
		return s, true
	}
	value, ok := f.public[name]
	return value, ok
}

// Masked gives all fields with [Mask] in the place of secrets.
func (f Fields) Masked() map[string]any {
	out := make(map[string]any, len(f.public)+len(f.secrets))
	maps.Copy(out, f.public)
	for name := range f.secrets {
		out[name] = Mask
	}
	return out
}

// MarshalMasked writes all fields as a JSON object with [Mask] in the place of secrets.
func (f Fields) MarshalMasked() []byte {
	b, err := json.Marshal(f.Masked())
	if err != nil {
		panic("destination: fields hold a value that is not JSON: " + err.Error())
	}
	return b
}

// MarshalJSON writes what MarshalMasked does: fields are never printed otherwise.
func (f Fields) MarshalJSON() ([]byte, error) { return f.MarshalMasked(), nil }

// Merge gives these fields with those of over in their place.
func (f Fields) Merge(over Fields) Fields {
	out := f.Without(over.Names()...)
	maps.Copy(out.public, over.public)
	maps.Copy(out.secrets, over.secrets)
	return out
}

// Without gives these fields but for the named ones.
func (f Fields) Without(names ...string) Fields {
	out := Fields{public: map[string]any{}, secrets: map[string]secret.String{}}
	maps.Copy(out.public, f.public)
	maps.Copy(out.secrets, f.secrets)
	for _, name := range names {
		delete(out.public, name)
		delete(out.secrets, name)
	}
	return out
}

// Equal tells whether both hold the same values.
func (f Fields) Equal(other Fields) bool {
	if !slices.Equal(f.Names(), other.Names()) {
		return false
	}
	for name, s := range f.secrets {
		if o, ok := other.secrets[name]; !ok || !s.Equal(o) {
			return false
		}
	}
	return string(f.MarshalMasked()) == string(other.MarshalMasked())
}

// typedValue gives the template engine's type for a value that came out of JSON.
func typedValue(value any) (any, error) {
	switch value := value.(type) {
	case nil, string, bool, pebble.Number, *pebble.Map:
		return value, nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding the value: %w", err)
	}
	return pebble.FromJSON(text)
}
