package store

import (
	"errors"
	"strings"
	"testing"
)

// A disk that is full makes a write fail as one that may come again, and takes nothing of what was there.
func TestFullDisk(t *testing.T) {
	s := openForTest(t)
	if _, err := rawExec(t, s, `CREATE TABLE things (name TEXT PRIMARY KEY, number INTEGER NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	limit := func(pages string) {
		if err := s.write(t.Context(), func(t *tx) error { return t.row(`PRAGMA max_page_count = ` + pages).Scan(new(int)) }); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // as many as there are
	long := strings.Repeat("x", 1<<20)
	if _, err := rawExec(t, s, `INSERT INTO things VALUES ($1, 1)`, long); !errors.Is(err, ErrUnavailable) {
		t.Errorf("writing to a full disk: %v", err)
	}
	limit("4294967294")
	if _, err := rawExec(t, s, `INSERT INTO things VALUES ($1, 1)`, long); err != nil {
		t.Error(err)
	}
	if got := number(t, s, long); got != 1 {
		t.Errorf("there is %d", got)
	}
}
