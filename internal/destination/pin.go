package destination

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
)

// compatible tells whether connections of this plan can go on with another revision's (U18): the grant and the names
// of the fields are the same.
func (p *Plan) compatible(other *Plan) bool {
	return p.authType == other.authType && p.grant == other.grant && slices.Equal(p.fieldNames(), other.fieldNames())
}

func (p *Plan) fieldNames() []string {
	var names []string
	for _, f := range p.fields {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// Fingerprint tells to whom the plan sends what a connection with these fields holds: the addresses of its requests,
// the client, and how that authenticates. A connection remembers that of its consent; when a change of the definition
// gives another one, a stored refresh token must not be sent without a new consent (DESIGN §7).
func (p *Plan) Fingerprint(fields Fields) string {
	client := p.inputs.ClientID
	if value, ok := fields.Value("clientId"); ok {
		client = textOf(value)
	}
	for _, f := range p.fields {
		if f.Name == "clientId" && f.Role == ConstantRole {
			client = textOf(f.Constant)
		}
	}
	said := []any{p.authType, p.grant, client, p.auth.Method}
	for _, r := range p.requests() {
		said = append(said, r.Kind, r.URL.address(fields))
	}
	text, err := json.Marshal(said)
	if err != nil {
		panic("destination: a fingerprint is made of strings: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// requests gives all requests that the plan may send.
func (p *Plan) requests() []*Request {
	var all []*Request
	if p.acquire != nil {
		all = append(all, p.acquire)
	}
	for _, renewal := range p.renewals {
		all = append(all, renewal.Request)
	}
	for _, step := range p.steps {
		all = append(all, step.Request)
	}
	return all
}

// address is the URL's text with the values that are known and no secrets.
func (t *Text) address(fields Fields) []string {
	said := []string{t.constant}
	for _, ref := range t.refs {
		if value, ok := fields.public[ref[min(len("authData."), len(ref)):]]; ok {
			said = append(said, ref, textOf(value))
		}
	}
	return said
}
