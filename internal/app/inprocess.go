package app

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/secret"
	"latchkey/internal/simulator"
)

// InProcessOptions say what a server within another program starts with.
type InProcessOptions struct {
	// Data is its data directory: an empty one, or a copy of what another such server has left.
	Data string
	// RSAKey gives the keys that the authorization server signs with, so that none need be generated.
	RSAKey func() (*rsa.PrivateKey, error)
	// Log is told what happens; nil is nobody.
	Log *slog.Logger
}

// InProcess is a workstation's server within another program: no samples, a provider that remembers nothing, and a clock that
// is moved.
type InProcess struct {
	// URL is where it answers.
	URL string
	// Provider is the simulator that the server's requests to its hosts are led to.
	Provider *simulator.Simulator

	dev   *dev
	house *house
	stop  context.CancelFunc
	ended chan error
}

// inProcessDrain is how long what is under way may go on when the server ends: tests wait for it.
const inProcessDrain = 3 * time.Second

// StartInProcess starts a server. It answers when it is returned.
func StartInProcess(ctx context.Context, options InProcessOptions) (*InProcess, error) {
	config, err := LoadConfig("", nil)
	if err != nil {
		return nil, err
	}
	config.Registration, config.RegistrationOrganization = registrationOpen, sampleOrganizationID
	config.Data, config.Listen, config.DrainTimeout = options.Data, "127.0.0.1:0", inProcessDrain
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	ahead := clock.NewAhead()
	d := &dev{config: config, clock: ahead, mover: &mover{clock: ahead}, log: options.Log, forgetful: true}
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(err, d.release())
	}
	p := d.plan()
	p.rsaKey = options.RSAKey
	house, l, err := d.start(ctx, p)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &InProcess{URL: d.url, Provider: d.simulator, dev: d, house: house, stop: stop, ended: make(chan error, 1)}
	go func() { s.ended <- house.run(running, l) }()
	return s, nil
}

// Close ends the server, and returns when nothing of it runs any more. It may be called once.
func (s *InProcess) Close() error {
	s.stop()
	return <-s.ended
}

// Now gives what the server's clock shows.
func (s *InProcess) Now() time.Time { return s.dev.clock.Now() }

// Advance moves the server's clock, with all that falls due on the way done on the way.
func (s *InProcess) Advance(ctx context.Context, d time.Duration) error {
	return s.dev.mover.advance(ctx, d)
}

// Furniture is what a server within another program has to be used with.
type Furniture struct {
	Organization string
	// AdminKey may do everything in the organization.
	AdminKey string
	// Workspace is the file by which the developer console hands out a workspace's credentials, with their secrets.
	Workspace []byte
}

// Furnish makes an organization, the administrator's key, a definition for each grant of the provider, and a project with a
// credential of each kind. The JWT credential's key pair is that in sample/ of the data directory, if one is there.
func (s *InProcess) Furnish(ctx context.Context) (made Furniture, err error) {
	h := s.house
	if made.Organization, err = h.sampleOrganization(ctx); err != nil {
		return made, err
	}
	key, err := h.administratorKey(ctx, made.Organization, secret.String{})
	if err != nil {
		return made, err
	}
	made.AdminKey = key.Reveal()
	caller := administrator(made.Organization)
	for _, one := range sampleConnections() {
		if err := h.makeDefinition(ctx, caller, one.name); err != nil {
			return made, fmt.Errorf("making the definition %s: %w", one.name, err)
		}
	}
	if err := h.makeProject(ctx, caller); err != nil {
		return made, fmt.Errorf("making the project: %w", err)
	}
	made.Workspace, err = os.ReadFile(h.config.path("sample", sampleWorkspace))
	return made, err
}
