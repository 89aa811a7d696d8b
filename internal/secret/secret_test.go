package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"latchkey/internal/secret"
)

const hidden = "s3cr<>t-value"

type holder struct {
	Public  secret.String
	private secret.String
	nested  map[string]secret.String
}

// element needs a name: encoding/xml takes it for the tag.
type element struct{ S secret.String }

func TestNothingPrintsIt(t *testing.T) {
	s := secret.New(hidden)
	h := holder{Public: s, private: s, nested: map[string]secret.String{"k": s}}
	prints := map[string]func() string{
		"%v":     func() string { return fmt.Sprintf("%v %v %v", s, h, &h) },
		"%+v":    func() string { return fmt.Sprintf("%+v %+v", s, h) },
		"%#v":    func() string { return fmt.Sprintf("%#v %#v", s, h) },
		"%s %q":  func() string { return fmt.Sprintf("%s %q", s, s) },
		"%x %d":  func() string { return fmt.Sprintf("%x %d %X", s, s, s) },
		"error":  func() string { return fmt.Errorf("using %v: %s", h, s).Error() },
		"String": s.String,
		"json": func() string {
			b, err := json.Marshal(map[string]any{"s": s, "h": h, "p": &s})
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		},
		"xml": func() string {
			b, err := xml.Marshal(element{s})
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		},
		"slog": func() string {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "s", s, "h", h)
			slog.New(slog.NewTextHandler(&b, nil)).Info("m", "s", s, "h", h)
			return b.String()
		},
	}
	for name, print := range prints {
		got := print()
		if strings.Contains(got, hidden) || strings.Contains(got, fmt.Sprintf("%x", hidden)) {
			t.Errorf("%s prints the secret", name)
		}
	}
	if got := s.Reveal(); got != hidden {
		t.Errorf("Reveal() is not what New was given")
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"a", "a", true}, {"a", "b", false}, {"a", "ab", false}, {"", "", true}, {"", "a", false}} {
		if got := secret.New(c.a).Equal(secret.New(c.b)); got != c.want {
			t.Errorf("New(%q).Equal(New(%q)) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if !secret.New("").Empty() || secret.New("x").Empty() {
		t.Error("Empty does not tell the empty secret from another")
	}
}
