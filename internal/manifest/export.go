package manifest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"latchkey/client"
	"latchkey/internal/jsontree"
)

// Exported is a server's state as objects.
type Exported struct {
	Objects []*Object
	// Secrets are the references that stand where the server has secrets, in their order: those that have to lead to
	// something before the files can be applied elsewhere.
	Secrets []Reference
	// Remarks say what is not in the objects.
	Remarks []string
}

// Export reads what a server has, of the kinds that are named or of all.
func Export(ctx context.Context, c *client.Client, only []string) (*Exported, error) {
	out := &Exported{}
	for _, k := range kinds() {
		if len(only) > 0 && !contains(only, k.name) {
			continue
		}
		found, err := k.list(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("reading what the server has of the kind %s: %w", k.name, err)
		}
		slices.SortStableFunc(found, func(a, b *current) int {
			return strings.Compare(k.identify(&a.Object).name, k.identify(&b.Object).name)
		})
		for _, one := range found {
			for _, remark := range one.remarks {
				out.Remarks = append(out.Remarks, one.String()+": "+remark)
			}
			out.refer(k, &one.Object)
			out.Objects = append(out.Objects, &one.Object)
		}
	}
	return out, nil
}

// Kinds names the kinds of objects.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// refer puts references where masks stand.
func (e *Exported) refer(k *kind, o *Object) {
	o.Spec.Walk("", func(pointer string, n *jsontree.Node) {
		if !n.Masked() {
			return
		}
		value := Reference("env:" + variableName(o.Name, pointer))
		if k.name == "KeyPair" {
			value = Reference("file:" + o.Name + ".key")
		}
		put(n, string(value))
		e.Secrets = append(e.Secrets, value)
	})
}

var notInVariables = regexp.MustCompile(`[^A-Z0-9]+`)

// variableName makes the name of a variable of an object's name and a member's pointer: MOVIESTAR_CLIENT_SECRET.
func variableName(name, pointer string) string {
	for _, prefix := range []string{"/authentication", "/destination", "/customerAuthenticationConfigurations", "/fields"} {
		pointer = strings.TrimPrefix(pointer, prefix)
	}
	var out strings.Builder
	for i, r := range name + pointer {
		if unicode.IsUpper(r) && i > len(name) && unicode.IsLower(rune((name + pointer)[i-1])) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToUpper(r))
	}
	text := strings.Trim(notInVariables.ReplaceAllString(out.String(), "_"), "_")
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		text = "_" + text
	}
	return text
}

// AppendFile writes objects as one file, with lines before them that a reader is told.
func AppendFile(b []byte, objects []*Object, head ...string) []byte {
	for _, line := range head {
		b = append(b, ("# " + line + "\n")...)
	}
	for i, o := range objects {
		if i > 0 || len(head) > 0 {
			b = append(b, "---\n"...)
		}
		b = o.AppendYAML(b)
	}
	return b
}

// FileName gives the file that a kind's objects are exported to: "product-profiles.yaml".
func FileName(kind string) string {
	var out strings.Builder
	letters := []rune(kind)
	for i, r := range letters {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
			out.WriteByte('-')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String() + "s.yaml"
}
