package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/internal/api"
	"latchkey/internal/connection"
	"latchkey/internal/secret"
)

// FuzzDecode reads any text: what is refused names a place within it, what is accepted is what encoding/json reads.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"definition":"x","fields":{"a":1}}`, `{"definition":`, "\n\n[", `{"a":{"b":[{}]}}`, `"\ud800"`, `nul`, "\x00", `{"fields":{"a":1,"a":2}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := api.Decode(raw)
		if err != nil {
			problem, ok := errors.AsType[*api.Problem](err)
			if !ok || problem.Status != 400 {
				t.Fatalf("Decode(%q) = %v, want a problem of status 400", raw, err)
			}
			if problem.Line > 1+bytes.Count(raw, []byte("\n")) || problem.Column > len(raw)+1 {
				t.Errorf("Decode(%q) points to line %d, column %d", raw, problem.Line, problem.Column)
			}
			return
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		var want api.NewConnection
		if err := dec.Decode(&want); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Decode(%q) = %v, want %v, %v", raw, got, want, err)
		}
	})
}

// TestAppendJSON compares the hot path's strings with encoding/json's.
func TestAppendJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		var back string
		if err := json.Unmarshal(api.AppendJSON(nil, text), &back); err != nil || back != text {
			t.Errorf("AppendJSON(%q) reads back as %q, %v", text, back, err)
		}
	})
}

// TestAppendToken reads the hot path's answer back: what a token holds is in it, whatever its text.
func TestAppendToken(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 30, 0, time.UTC)
	token := connection.Token{
		AccessToken: secret.New(`a"b<\`), TokenType: "Bearer", Scope: "read\nwrite", Generation: 7, ConnectionID: "conn_1",
	}
	for name, c := range map[string]struct {
		expires time.Time
		at, in  any
	}{
		"lives":    {now.Add(time.Minute), "2026-11-21T09:01:30Z", 60.0},
		"is over":  {now.Add(-time.Minute), "2026-11-21T08:59:30Z", 0.0},
		"is vague": {time.Time{}, nil, nil},
	} {
		token.ExpiresAt = c.expires
		want := map[string]any{
			"access_token": `a"b<\`, "token_type": "Bearer", "expires_at": c.at, "expires_in": c.in, "scope": "read\nwrite",
			"generation": 7.0, "connection": "conn_1",
		}
		var got map[string]any
		if err := json.Unmarshal(api.AppendToken(nil, &token, now), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("a token that %s (-want +got):\n%s", name, diff)
		}
	}
}
