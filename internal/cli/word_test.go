package cli_test

import (
	"testing"

	"latchkey/internal/cli"
)

func TestWord(t *testing.T) {
	for in, want := range map[string]string{
		"acme-emea": "acme-emea", "conn_01": "conn_01", "a@b.c": "a@b.c", "": "''", "x y": "'x y'", "it's": `'it'\''s'`,
		"$(reboot)": "'$(reboot)'", "a;b": "'a;b'", "Zoë": "'Zoë'", "-x": "'-x'",
	} {
		if got := cli.Word(in); got != want {
			t.Errorf("Word(%q) = %s, want %s", in, got, want)
		}
	}
}
