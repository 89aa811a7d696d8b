package store

import (
	"fmt"
	"testing"
)

func TestAliveOwner(t *testing.T) {
	s := openForTest(t)
	for owner, want := range map[string]int{"NULL": 0, "''": 0, "'node_another'": 0, "'" + s.Incarnation() + "'": 1} {
		var alive int
		query := fmt.Sprintf(`SELECT CASE WHEN %s THEN 1 WHEN NOT %[1]s THEN 0 END FROM (SELECT %s AS o) x`, s.aliveOwner("x.o"), owner)
		if err := s.row(t.Context(), query).Scan(&alive); err != nil || alive != want {
			t.Errorf("of %s the expression says %d, %v, want %d", owner, alive, err, want)
		}
	}
}
