package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey/client"
)

func (p *program) showConnection(c client.Connection) {
	rows := [][2]string{
		{"state", string(c.State)},
		{"reason", c.StateReason},
		{"note", c.Note},
		{"id", c.ID},
		{"label", c.Label},
		{"definition", fmt.Sprintf("%s, revision %d", c.Definition.Name, c.Definition.Revision)},
		{"sandbox", c.Sandbox},
		{"created", strings.TrimSuffix(p.ago(c.CreatedAt)+" by "+c.CreatedBy, " by ")},
		{"last refresh", p.ago(c.LastRefreshAt)},
	}
	if t := c.Token; t != nil {
		rows = append(rows,
			[2]string{"token", p.life(t) + ", generation " + strconv.FormatInt(t.Generation, 10)},
			[2]string{"scope", t.Scope},
			[2]string{"next refresh", p.ago(t.NextRefreshAt)},
			[2]string{"consent ends", p.ago(t.RefreshExpiresAt)})
	}
	if e := c.LastError; e != nil {
		rows = append(rows, [2]string{"last error", lastErrorText(*e) + ", " + p.ago(e.At)})
	}
	rows = append(rows, fieldRows("field", c.Fields)...)
	rows = append(rows, fieldRows("output", c.Outputs)...)
	p.say("%s", c.Name())
	p.details(rows)
	if c.State == client.NeedsReauthorization {
		p.tell("consent again: latchkey connection reauthorize %s", word(c.Name()))
	}
}

func fieldRows(kind string, values map[string]any) [][2]string {
	var out [][2]string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, [2]string{kind + " " + name, fmt.Sprint(values[name])})
	}
	return out
}

func lastErrorText(e client.LastError) string {
	out := e.Kind
	if e.Code != "" {
		out += " " + e.Code
	}
	if e.Status != 0 {
		out += " (status " + strconv.Itoa(e.Status) + ")"
	}
	return out
}
