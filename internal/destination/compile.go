package destination

// Compile makes the plan of one entry. It fails with [Problems] when the entry cannot run.
func (d *Document) Compile(index int) (*Plan, error) { return &Plan{}, nil }

func (p *Plan) compatible(other *Plan) bool { return true }

// Prompts gives what to ask a customer, the implied username, password or token included.
func (p *Plan) Prompts() []Prompt { return nil }

// MergeFields checks a change of fields: what it leaves out stays, [Mask] keeps a secret, null takes a value away.
func (p *Plan) MergeFields(previous Fields, in map[string]any) (Fields, Problems) {
	f, _ := NewFields(in, nil)
	return f, nil
}

// Fingerprint tells to whom the plan sends the secrets of a connection with these fields: its endpoints, its client
// and how that authenticates. It changes when a change of the definition would send them elsewhere.
func (p *Plan) Fingerprint(fields Fields) string { return "" }
