package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey/internal/store/pgtest"
)

func TestNewsReachesTheOthers(t *testing.T) {
	nodes := openNodes(t, pgtest.Shared(t), itself, itself)
	one, two := listen(t, nodes[0]), listen(t, nodes[1])
	err := nodes[0].write(t.Context(), func(t *tx) error {
		t.announce(TopicKey, "undone")
		return errors.New("no")
	})
	if err == nil {
		t.Fatal("a write that fails worked")
	}
	err = nodes[0].write(t.Context(), func(t *tx) error {
		t.announce(TopicKey, "1")
		t.announce(TopicDefinition, "with a blank")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []News{{TopicKey, "1"}, {TopicDefinition, "with a blank"}} {
		if got := <-two; got != want {
			t.Errorf("the other node hears %v, want %v", got, want)
		}
	}
	if len(one) > 0 {
		t.Errorf("a node hears its own %v", <-one)
	}
}

// Nodes that start at once on an empty database make its schema and its keys together.
func TestNodesStartAtOnce(t *testing.T) {
	server, root := pgtest.Shared(t), testRoot(t)
	address := server.URL(server.Database(t, ""))
	stores := make([]*Store, 4)
	var wait sync.WaitGroup
	for i := range stores {
		wait.Go(func() {
			s, err := Open(context.Background(), Config{URL: address, Root: root})
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
		})
	}
	wait.Wait()
	hashes := map[[32]byte]bool{}
	for _, s := range stores {
		if s == nil {
			continue
		}
		hashes[s.Keyring().Hash("test", []byte("x"))] = true
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(hashes) != 1 {
		t.Errorf("the nodes have %d different keys", len(hashes))
	}
}

// Writes that lock each other out are run again, with their neighbours in the group, and all come true once.
func TestDeadlockIsRunAgain(t *testing.T) {
	nodes := openNodes(t, pgtest.Shared(t), itself, itself)
	if _, err := rawExec(t, nodes[0], `INSERT INTO things VALUES ('a', 0), ('b', 0)`); err != nil {
		t.Fatal(err)
	}
	var meet, wait sync.WaitGroup
	meet.Add(2)
	runs := [2]int{}
	for i, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		wait.Go(func() {
			err := nodes[i].write(context.Background(), func(t *tx) error {
				runs[i]++
				for n, name := range order {
					if _, err := t.exec(`UPDATE things SET number = number + 1 WHERE name = $1`, name); err != nil {
						return err
					}
					if runs[i] == 1 && n == 0 {
						meet.Done()
						meet.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if a, b := number(t, nodes[0], "a"), number(t, nodes[0], "b"); a != 2 || b != 2 {
		t.Errorf("two writes added %d and %d", a, b)
	}
	if runs[0]+runs[1] < 3 {
		t.Errorf("the writes ran %d times: they did not lock each other out", runs)
	}
}

// A write that fails in a group takes nothing of its neighbours with it, whatever it did before.
func TestFailureInAGroup(t *testing.T) {
	s := openNodes(t, pgtest.Shared(t), itself)[0]
	s.writer.db.SetMaxOpenConns(3)
	h := &hand{w: s.writer, index: 2}
	defer func() { _ = h.session.close() }()
	no := errors.New("no")
	acts := []func(*tx) error{
		func(t *tx) error { _, err := t.exec(`INSERT INTO things VALUES ('first', 1)`); return err },
		func(t *tx) error { _, _ = t.exec(`INSERT INTO things VALUES ('undone', 1)`); return no },
		func(t *tx) error { _, err := t.exec(`INSERT INTO things VALUES ('first', 2)`); return err },
		func(t *tx) error { _, _ = t.exec(`INSERT INTO nowhere VALUES (1)`); return nil },
		func(t *tx) error { _, err := t.exec(`INSERT INTO things VALUES ('last', 1)`); return err },
	}
	group := make([]*job, len(acts))
	for i, act := range acts {
		group[i] = &job{ctx: t.Context(), act: act}
	}
	if err := h.settle(group); err != nil {
		t.Fatal(err)
	}
	if group[0].err != nil || group[4].err != nil || !errors.Is(group[1].err, no) || !taken(group[2].err, "things.name") || group[3].err == nil {
		for _, j := range group {
			t.Error(j.err)
		}
	}
	if first, last := number(t, s, "first"), number(t, s, "last"); first != 1 || last != 1 {
		t.Errorf("the neighbours wrote %d and %d", first, last)
	}
	if err := s.row(t.Context(), `SELECT number FROM things WHERE name = 'undone'`).Scan(new(int)); err == nil {
		t.Error("what a failed write did is there")
	}
}

// While the server is away all fails at once and says why; when it is back all works, without anybody's doing.
func TestServerGoesAndComes(t *testing.T) {
	server := pgtest.Start(t)
	s := openNodes(t, server, itself)[0]
	heard := listen(t, s)
	if _, err := rawExec(t, s, `INSERT INTO things VALUES ('x', 0)`); err != nil {
		t.Fatal(err)
	}
	for round, mode := range []string{"fast", "immediate"} {
		server.Stop(t, mode)
		began := time.Now()
		for range 3 {
			if err := s.row(t.Context(), `SELECT number FROM things`).Scan(new(int)); !errors.Is(err, ErrUnavailable) {
				t.Errorf("reading: %v", err)
			}
			if _, err := rawExec(t, s, `UPDATE things SET number = number + 1`); !errors.Is(err, ErrUnavailable) {
				t.Errorf("writing: %v", err)
			}
			if err := s.Ping(t.Context()); err == nil {
				t.Error("the store says that it is ready")
			}
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("failing took %s", took)
		}
		server.Restart(t)
		if news := <-heard; news.Topic != TopicAll {
			t.Errorf("after the absence %v is heard", news)
		}
		until(t, "the store is ready", func() bool { return s.Ping(context.Background()) == nil })
		if _, err := rawExec(t, s, `UPDATE things SET number = number + 1`); err != nil {
			t.Error(err)
		}
		if got := number(t, s, "x"); got != round+1 {
			t.Errorf("%d writes came true, want %d", got, round+1)
		}
		if !aliveAs(t, s, s.Incarnation()) {
			t.Error("a node that is back counts as gone")
		}
	}
}

// What PostgreSQL can't keep in a text names nothing, and is no failure.
func TestTextThatIsNone(t *testing.T) {
	s := openNodes(t, pgtest.Shared(t), itself)[0]
	for _, odd := range []string{"a\x00b", "\xff\xfe", "é�", "'; --", `\`} {
		name := fmt.Sprintf("%q", odd)
		if _, err := rawExec(t, s, `INSERT INTO things VALUES ($1, 1)`, name); err != nil {
			t.Errorf("writing %s: %v", name, err)
		}
		if err := s.row(t.Context(), `SELECT number FROM things WHERE name = $1`, odd).Scan(new(int)); err == nil || errors.Is(err, ErrUnavailable) {
			t.Errorf("reading %s: %v", name, err)
		}
	}
}

// A server that crashes again and again under writes: what was acknowledged is there, and nothing came true twice.
func TestServerCrashesUnderWrites(t *testing.T) {
	const writers = 6
	server := pgtest.Start(t)
	nodes := openNodes(t, server, itself, itself)
	for i := range writers {
		if _, err := rawExec(t, nodes[0], `INSERT INTO things VALUES ($1, 0)`, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	var acknowledged, unknown, failed [writers]int
	for i := range writers {
		wait.Go(func() {
			for ctx.Err() == nil {
				err := nodes[i%2].write(context.Background(), func(t *tx) error {
					_, err := t.exec(`UPDATE things SET number = number + 1 WHERE name = $1`, fmt.Sprint(i))
					return err
				})
				_, lost := errors.AsType[*UnknownError](err)
				switch {
				case err == nil:
					acknowledged[i]++
				case lost:
					unknown[i]++
				case errors.Is(err, ErrUnavailable):
					failed[i]++
					time.Sleep(time.Millisecond)
				default:
					t.Error(err)
				}
			}
		})
	}
	for _, mode := range []string{"immediate", "fast", "immediate"} {
		time.Sleep(200 * time.Millisecond) // they write
		server.Stop(t, mode)
		server.Restart(t)
	}
	until(t, "the store is ready", func() bool { return nodes[0].Ping(context.Background()) == nil })
	cancel()
	wait.Wait()
	t.Logf("acknowledged %v, unknown %v, failed %v", acknowledged, unknown, failed)
	for i := range writers {
		if got := number(t, nodes[0], fmt.Sprint(i)); got < acknowledged[i] || got > acknowledged[i]+unknown[i] || acknowledged[i] == 0 {
			t.Errorf("%d writes came true; %d were acknowledged, of %d nobody knows", got, acknowledged[i], unknown[i])
		}
	}
}
