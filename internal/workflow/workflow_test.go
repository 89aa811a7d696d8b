package workflow_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/secret"
	"latchkey/internal/workflow"
)

// kept is a store of one text.
type kept struct {
	text    string
	failure error
	entries []audit.Entry
}

func (k *kept) Backup(_ context.Context, out io.Writer) error {
	_, err := io.WriteString(out, k.text)
	return errors.Join(err, k.failure)
}

func (k *kept) Append(_ context.Context, entries ...audit.Entry) error {
	k.entries = append(k.entries, entries...)
	return nil
}

var admin = access.Caller{ID: "key_1", Scopes: access.Scopes{access.Admin}}

func TestBackup(t *testing.T) {
	one, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{text: strings.Repeat("what is kept", 20_000)}
	b := &workflow.Backups{Store: k, Clock: clock.System()}
	write := func(s workflow.Sealing) []byte {
		var out bytes.Buffer
		if err := b.Write(t.Context(), admin, s, &out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	open := func(file []byte, o workflow.Opening) (string, error) {
		plain, err := workflow.Open(bytes.NewReader(file), o)
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(plain)
		return string(text), err
	}
	sealed := write(workflow.Sealing{Recipients: []string{one.Recipient().String()}})
	withPassphrase := write(workflow.Sealing{Passphrase: secret.New("a long passphrase")})
	for name, c := range map[string]struct {
		file    []byte
		opening workflow.Opening
		want    string // in the error; "" for none
	}{
		"key":              {sealed, workflow.Opening{Keys: secret.New("# a comment\n" + one.String())}, ""},
		"another key":      {sealed, workflow.Opening{Keys: secret.New(other.String())}, "the key is another one"},
		"no key":           {sealed, workflow.Opening{Keys: secret.New("hello")}, "AGE-SECRET-KEY-1"},
		"passphrase":       {withPassphrase, workflow.Opening{Passphrase: secret.New("a long passphrase")}, ""},
		"wrong passphrase": {withPassphrase, workflow.Opening{Passphrase: secret.New("another passphrase")}, "the passphrase is another one"},
		"cut off":          {sealed[:len(sealed)-100], workflow.Opening{Keys: secret.New(one.String())}, "decrypt"},
		"cut at a piece":   {sealed[:len(sealed)-len(sealed)%(1<<16)], workflow.Opening{Keys: secret.New(one.String())}, ""},
		"no backup":        {[]byte("hello"), workflow.Opening{Keys: secret.New(one.String())}, "no backup"},
	} {
		text, err := open(c.file, c.opening)
		switch {
		case name == "cut at a piece":
			if err == nil {
				t.Errorf("%s: it opens", name)
			}
		case c.want == "" && (err != nil || text != k.text):
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
	if len(k.entries) != 2 || k.entries[0].Action != "backup.create" || k.entries[0].Actor != "key_1" {
		t.Errorf("entries = %+v", k.entries)
	}
	k.failure = errors.New("on purpose")
	var part bytes.Buffer
	if err := b.Write(t.Context(), admin, workflow.Sealing{Recipients: []string{one.Recipient().String()}}, &part); !errors.Is(err, k.failure) {
		t.Errorf("Write() = %v", err)
	}
	if _, err := open(part.Bytes(), workflow.Opening{Keys: secret.New(one.String())}); err == nil {
		t.Error("a backup that broke off opens")
	}
}

func TestWhoMayBackUp(t *testing.T) {
	b := &workflow.Backups{Store: &kept{}, Clock: clock.System()}
	reader := access.Caller{ID: "key_2", Scopes: access.Scopes{access.AuditRead}}
	if err := b.Write(t.Context(), reader, workflow.Sealing{Passphrase: secret.New("a long passphrase")}, io.Discard); err == nil {
		t.Error("a key without the scope admin makes a backup")
	}
	for _, s := range []workflow.Sealing{{}, {Passphrase: secret.New("short")}, {Recipients: []string{"x"}},
		{Passphrase: secret.New("a long passphrase"), Recipients: []string{"x"}}} {
		if err := b.Write(t.Context(), admin, s, io.Discard); !errors.Is(err, workflow.ErrSealing) {
			t.Errorf("Write() = %v", err)
		}
	}
}
