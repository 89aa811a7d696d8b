package manifest

import (
	"fmt"
	"io"
	"strings"
)

// Marks of a plan's lines.
var marks = map[Act]string{Create: "+", Change: "~", Delete: "-", Left: "?"}

// maxShown bounds a value that is shown, in characters.
const maxShown = 80

// Write tells a plan in words.
func (p *Plan) Write(w io.Writer) {
	for _, s := range p.Steps {
		if s.Act == Unchanged || s.Act == Left {
			continue
		}
		_, _ = fmt.Fprintf(w, "%s %s: %s\n", marks[s.Act], s.Object, s.Act)
		for _, d := range s.Differences {
			_, _ = fmt.Fprintf(w, "    %s\n", d)
		}
		for _, text := range s.Breaks {
			_, _ = fmt.Fprintf(w, "    ! %s\n", text)
		}
		for _, text := range s.Remarks {
			_, _ = fmt.Fprintf(w, "    %s\n", text)
		}
	}
	if left := p.left(); left != "" {
		_, _ = fmt.Fprintf(w, "In no file, and left alone (--prune would delete it): %s\n", left)
	}
	if p.Empty() {
		_, _ = fmt.Fprintf(w, "Nothing to change: %d as they are in the files.\n", p.Count(Unchanged))
		return
	}
	_, _ = fmt.Fprintf(w, "%d to create, %d to change, %d to delete, %d unchanged.\n", p.Count(Create), p.Count(Change), p.Count(Delete), p.Count(Unchanged))
}

func (p *Plan) left() string {
	var names []string
	for _, s := range p.Steps {
		if s.Act == Left {
			names = append(names, s.Object.String())
		}
	}
	return words(names)
}

// words strings a list together, the first ten by name.
func words(list []string) string {
	const most = 10
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// String tells the difference in one line. Secrets are not shown.
func (d Difference) String() string {
	switch {
	case d.Secret:
		return d.Path + ": (changed)"
	case d.Before == "":
		return d.Path + ": " + bounded(d.After) + " (new)"
	case d.After == "":
		return d.Path + ": " + bounded(d.Before) + " (removed)"
	}
	return d.Path + ": " + bounded(d.Before) + " → " + bounded(d.After)
}

func bounded(text string) string {
	letters := []rune(text)
	if len(letters) <= maxShown {
		return text
	}
	return string(letters[:maxShown]) + "…"
}
