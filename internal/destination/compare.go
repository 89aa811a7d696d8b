package destination

import (
	"context"
	"encoding/json"

	"latchkey/internal/access"
)

// Compare tells what a document would change of a definition's revision, 0 for the newest. A mask stands for the secret that is
// stored. Nothing is stored. It takes the right to change the definition: it tells whether a secret is guessed right.
func (c *Catalogue) Compare(ctx context.Context, caller access.Caller, ref Ref, number int, document *Document) (int, []Difference, error) {
	def, err := c.find(ctx, caller, ref, access.DefinitionsWrite)
	if err != nil {
		return 0, nil, err
	}
	if number == 0 {
		number = def.Draft
	}
	rev, err := c.revision(ctx, def.ID, number)
	if err != nil {
		return 0, nil, err
	}
	document.MergeSecrets(rev.Document)
	return number, spelledAlike(Diff(rev.Document, document)), nil
}

// CompareRevisions tells what changed from one revision to another; 0 is the newest.
func (c *Catalogue) CompareRevisions(ctx context.Context, caller access.Caller, ref Ref, from, to int) (int, []Difference, error) {
	before, err := c.Revision(ctx, caller, ref, from)
	if err != nil {
		return 0, nil, err
	}
	after, err := c.Revision(ctx, caller, ref, to)
	if err != nil {
		return 0, nil, err
	}
	return before.Revision.Number, spelledAlike(Diff(before.Revision.Document, after.Revision.Document)), nil
}

// spelledAlike leaves out texts that differ in their escapes alone: "é" and "\u00e9" say the same.
func spelledAlike(all []Difference) []Difference {
	var out []Difference
	for _, d := range all {
		var before, after string
		if !d.Secret && json.Unmarshal([]byte(d.Before), &before) == nil && json.Unmarshal([]byte(d.After), &after) == nil && before == after {
			continue
		}
		out = append(out, d)
	}
	return out
}
