package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"latchkey/internal/store/pgtest"
)

// aliveAs asks a store whether an incarnation lives, named by a column of another type than its own.
func aliveAs(t *testing.T, s *Store, owner any) bool {
	t.Helper()
	var alive int
	query := fmt.Sprintf(`SELECT CASE WHEN %s THEN 1 WHEN NOT %[1]s THEN 0 END FROM (SELECT CAST($1 AS TEXT) AS o) x`, s.aliveOwner("x.o"))
	if err := s.row(t.Context(), query, owner).Scan(&alive); err != nil {
		t.Fatal(err)
	}
	return alive == 1
}

func TestAliveOwner(t *testing.T) {
	s := openForTest(t)
	for owner, want := range map[any]bool{nil: false, "": false, "node_another": false, s.Incarnation(): true} {
		if aliveAs(t, s, owner) != want {
			t.Errorf("of %v the expression does not say %t", owner, want)
		}
	}
}

func TestAliveOwnerAmongNodes(t *testing.T) {
	nodes := openNodes(t, pgtest.Shared(t), itself, itself)
	one, two := nodes[0], nodes[1]
	for _, s := range nodes {
		for owner, want := range map[any]bool{
			nil: false, "": false, "node_another": false, one.Incarnation(): true, two.Incarnation(): true,
		} {
			if aliveAs(t, s, owner) != want {
				t.Errorf("of %v the expression does not say %t", owner, want)
			}
		}
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "a node that closed counts as gone", func() bool { return !aliveAs(t, one, two.Incarnation()) })
	one.restartGrace = 24 * time.Hour
	if !aliveAs(t, one, two.Incarnation()) {
		t.Error("a server that has just started must not call anybody gone")
	}
}

// A node whose session is ended counts as gone until it is back, and then as the one that it was.
func TestIncarnationComesBack(t *testing.T) {
	nodes := openNodes(t, pgtest.Shared(t), itself, itself)
	heard := listen(t, nodes[0])
	_, err := rawExec(t, nodes[1], `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (classid::bigint << 32 | objid::bigint) = `+lockKey("$1::text"), nodes[0].Incarnation())
	if err != nil {
		t.Fatal(err)
	}
	if news := <-heard; news.Topic != TopicAll {
		t.Errorf("a node that is back hears %v", news)
	}
	if !aliveAs(t, nodes[1], nodes[0].Incarnation()) {
		t.Error("a node that is back counts as gone")
	}
	if err := nodes[0].Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// listen collects a store's news until the test ends.
func listen(t *testing.T, s *Store) <-chan News {
	ctx, cancel := context.WithCancel(context.Background())
	heard, done := make(chan News, 100), make(chan struct{})
	go func() {
		defer close(done)
		s.News(ctx, func(n News) { heard <- n })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	until(t, "somebody listens", func() bool {
		s.subscribers.mu.Lock()
		defer s.subscribers.mu.Unlock()
		return len(s.subscribers.all) > 0
	})
	return heard
}

// until waits for what another process or goroutine does.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come about that %s", what)
		}
	}
}

// end ends connections of a node at the server, those of an application or all.
func end(t *testing.T, by, node *Store, application string) {
	t.Helper()
	ended, err := rawExec(t, by, `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (l.classid::bigint << 32 | l.objid::bigint) = `+lockKey("$1::text")+` AND a.application_name LIKE $2`, node.Incarnation(), application)
	if err != nil || ended == 0 {
		t.Fatalf("%d connections were ended, %v", ended, err)
	}
}

// A node whose presence is ended, and nothing else, counts as living all the time: it may have an answer that it has not
// saved.
func TestPresenceAloneIsLost(t *testing.T) {
	nodes := openNodes(t, pgtest.Shared(t), itself, itself)
	heard := listen(t, nodes[0])
	end(t, nodes[1], nodes[0], "latchkey presence")
	for back := false; !back; {
		select {
		case news := <-heard:
			back = news.Topic == TopicAll
		default:
		}
		if !aliveAs(t, nodes[1], nodes[0].Incarnation()) {
			t.Fatal("a node that lost its presence alone counts as gone")
		}
	}
}

// Where all lose their connections and the server goes on, as it does when one of its processes crashed and in a
// failover, who comes back first waits for the others.
func TestAllLoseTheirConnections(t *testing.T) {
	line := pgtest.NewLine(t)
	nodes := openNodes(t, pgtest.Shared(t), itself, line.Through)
	one, two := nodes[0], nodes[1]
	one.restartGrace = time.Second
	until(t, "the server started long ago", func() bool { return !aliveAs(t, one, "node_another") })
	line.Cut()
	until(t, "a node that is cut off counts as gone", func() bool { return !aliveAs(t, one, two.Incarnation()) })
	heard := listen(t, one)
	end(t, one, one, "latchkey presence")
	<-heard
	if !aliveAs(t, one, two.Incarnation()) {
		t.Error("a node that may be coming back counts as gone")
	}
	until(t, "a node that does not come back counts as gone", func() bool { return !aliveAs(t, one, two.Incarnation()) })
	line.Mend()
}
