package chaos

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"latchkey/internal/store/pgtest"
)

// subject is a keeper under test, with what can be done to it.
type subject struct {
	config   Config
	provider *Provider
	nodes    nodes
	// connect makes a connection of a grant, and gives the reference to read its token by.
	connect func(ctx context.Context, g *grant) (ref string, err error)
	// key authenticates callers; "" where nobody asks.
	key string
	// acts are the disturbances beside the provider's and kill -9.
	acts []act
	// away are the times in which the store was not well, by its disk or its server.
	away []span
	// unable says which of the faults that were asked for this machine can't make, and why.
	unable []string
	close  []func()
}

// act is a disturbance that takes a while. It MUST leave things as they were.
type act struct {
	kind string
	do   func(ctx context.Context, chance *rand.Rand)
}

// openProgram prepares the real program; nothing runs yet.
func openProgram(t testing.TB, config Config, provider *Provider, binaries []string) (s *subject, err error) {
	s = &subject{config: config, provider: provider}
	dir, err := s.folder(config)
	if err != nil {
		return nil, err
	}
	var database string
	if config.Keeper == "postgres" {
		if database, err = s.openPostgres(t); err != nil {
			return nil, err
		}
	}
	chance := rand.New(rand.NewPCG(uint64(os.Getpid()), config.Seed))
	var public string
	for i := range config.nodes() {
		here := place{dir: filepath.Join(dir, fmt.Sprintf("node-%d", i)), database: database}
		if here.address, err = freeAddress(chance); err != nil {
			return nil, err
		}
		if public == "" {
			public = here.address
		}
		here.public = public
		if err := s.addNode(i, here, binaries[i]); err != nil {
			return nil, err
		}
	}
	s.connect = consents{s, "http://" + public}.connect
	return s, nil
}

// folder makes the folder of an installation: a small disk of its own where a full one is asked for.
func (s *subject) folder(config Config) (string, error) {
	dir, err := os.MkdirTemp("", "chaos-")
	if err != nil {
		return "", err
	}
	s.close = append(s.close, func() { _ = os.RemoveAll(dir) })
	if config.Keeper != "sqlite" || !config.has(FaultDisk) {
		return dir, nil
	}
	disk, err := mountDisk(dir)
	if err != nil {
		s.unable = append(s.unable, fmt.Sprintf("%s: %v", FaultDisk, err))
		return dir, nil
	}
	s.close = append(s.close, disk.unmount)
	s.acts = append(s.acts, act{FaultDisk, func(ctx context.Context, chance *rand.Rand) {
		s.excuse(true)
		disk.fill(ctx, chance)
		pause(ctx, 500*time.Millisecond)
		s.excuse(false)
	}})
	return dir, nil
}

func (s *subject) openPostgres(t testing.TB) (setting string, err error) {
	server := pgtest.Start(t)
	url := server.URL(server.Database(t, ""))
	if s.config.has(FaultDatabase) {
		s.acts = append(s.acts, act{FaultDatabase, func(ctx context.Context, chance *rand.Rand) {
			mode, away := "immediate", time.Duration(0)
			if chance.IntN(2) == 0 {
				mode, away = "fast", between(chance, time.Second, 4*time.Second)
			}
			s.excuse(true)
			server.Stop(t, mode)
			pause(ctx, away)
			server.Restart(t)
			pause(ctx, 500*time.Millisecond)
			s.excuse(false)
		}})
	}
	return "database: {url: \"" + url.Reveal() + "\"}", nil
}

func (s *subject) excuse(yes bool) {
	for _, n := range s.nodes {
		n.excuse(yes)
	}
}

func (s *subject) addNode(i int, here place, binary string) (err error) {
	name := fmt.Sprintf("chaos-%d", i)
	if err := os.MkdirAll(here.dir, 0o700); err != nil {
		return err
	}
	p := &program{path: binary, clock: filepath.Join(here.dir, "clock"), out: &tail{}}
	if s.config.Logs != "" {
		file, err := os.Create(filepath.Join(s.config.Logs, s.config.Keeper+"-"+name+".log"))
		if err != nil {
			return err
		}
		s.close = append(s.close, func() { _ = file.Close() })
		p.out.also = file
	}
	if err := setClock(p.clock, 0); err != nil {
		return err
	}
	if p.config, err = here.configuration(s.provider); err != nil {
		return err
	}
	if i == 0 {
		if s.key, err = p.setup(); err != nil {
			return err
		}
	}
	n := &node{name: name, url: "http://" + here.address, launch: p.launch, output: p.out.String}
	s.nodes = append(s.nodes, n)
	if s.config.has(FaultDrain) {
		s.acts = append(s.acts, act{FaultDrain, func(ctx context.Context, _ *rand.Rand) { n.drainNow(ctx) }})
	}
	if s.config.has(FaultClock) {
		s.acts = append(s.acts, act{FaultClock, func(ctx context.Context, chance *rand.Rand) {
			_ = setClock(p.clock, int64(chance.IntN(61)-30))
			pause(ctx, between(chance, 3*time.Second, 10*time.Second))
			_ = setClock(p.clock, 0)
		}})
	}
	return nil
}

// setClock writes the offset of a node's wall clock, in seconds.
func setClock(path string, seconds int64) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(seconds)), 0)
	return errors.Join(err, file.Close())
}

// disturb does the acts, one at a time, each kind as often as the others, until ctx ends.
func (s *subject) disturb(ctx context.Context, chance *rand.Rand, begins func(kind string)) {
	var kinds []string
	for _, a := range s.acts {
		if !slices.Contains(kinds, a.kind) {
			kinds = append(kinds, a.kind)
		}
	}
	most := min(20*time.Second, s.config.Duration/6)
	for i := 0; len(kinds) > 0; i++ {
		if !pause(ctx, between(chance, most/2, most)) {
			return
		}
		kind := kinds[i%len(kinds)]
		var candidates []act
		for _, a := range s.acts {
			if a.kind == kind {
				candidates = append(candidates, a)
			}
		}
		begins(kind)
		bad := span{from: time.Now()}
		candidates[chance.IntN(len(candidates))].do(ctx, chance)
		if bad.to = time.Now(); kind == FaultDisk || kind == FaultDatabase {
			s.away = append(s.away, bad)
		}
	}
}

var _ witness = (*subject)(nil)

func (s *subject) killed(node string, from, to time.Time) bool { return s.nodes.killed(node, from, to) }

func (s *subject) restarted(node string, from, to time.Time) bool {
	n := s.nodes.named(node)
	return n != nil && (n.killedIn(from, to) || n.endedIn(from, to))
}

func (s *subject) durable(known time.Time) time.Time {
	until := known.Add(commitTime)
	for _, bad := range s.away {
		if bad.from.Before(until) && bad.to.After(known) {
			until = bad.to.Add(commitTime)
		}
	}
	return until
}

// end stops what is held, in the reverse order.
func (s *subject) end() {
	for _, f := range slices.Backward(s.close) {
		f()
	}
}
