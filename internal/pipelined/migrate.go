package pipelined

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"latchkey/internal/pipelined/credential"
	"latchkey/internal/pipelined/wire"
)

// Migration is a move to another credential, from its preflight on.
type Migration struct {
	From, To                       string // descriptions
	FromFingerprint, ToFingerprint string
	StartedAt                      time.Time
	// SwitchedAt is when every stream was open with the new credential; zero before.
	SwitchedAt time.Time
	// RolledBack tells that the daemon went back, and Why.
	RolledBack bool
	Why        string
}

// Report says what a migration has led to so far.
type Report struct {
	Instance        string            `json:"instance"`
	Host            string            `json:"host"`
	From            string            `json:"from"`
	To              string            `json:"to"`
	FromFingerprint string            `json:"from_fingerprint"`
	ToFingerprint   string            `json:"to_fingerprint"`
	StartedAt       time.Time         `json:"started_at"`
	SwitchedAt      *time.Time        `json:"switched_at"`
	RolledBack      bool              `json:"rolled_back"`
	Why             string            `json:"why,omitempty"`
	Received        int64             `json:"received"`
	Lost            int64             `json:"lost"`
	Suppressed      int64             `json:"suppressed"`
	Partitions      []PartitionReport `json:"partitions"`
}

// String is the report in a line.
func (r *Report) String() string {
	return Sum{r.Received, r.Lost, r.Suppressed}.String()
}

// The errors of migrations.
var (
	// ErrNoMigration says that nothing was migrated so far.
	ErrNoMigration = errors.New("no credential was migrated so far")
	// ErrSame says that the daemon runs with that credential already.
	ErrSame = errors.New("the daemon runs with this credential already; put the new one into the instance's file first")
)

// PreflightError says that a new credential does not work. The one in use serves on.
type PreflightError struct {
	// Step is "credential", "token" or "handshake".
	Step string
	Err  error
}

func (e *PreflightError) Error() string {
	return fmt.Sprintf("the new credential failed at its %s, and the one in use serves on: %v", e.Step, e.Err)
}

// Unwrap gives Err.
func (e *PreflightError) Unwrap() error { return e.Err }

// preflight proves a credential: it gets a token, and the broker takes that.
func (d *Daemon) preflight(ctx context.Context, c credential.Credential) (*credential.Keeper, error) {
	keeper, err := credential.NewKeeper(c, d.config.Exchanger, d.clock)
	if err != nil {
		return nil, &PreflightError{"credential", err}
	}
	return keeper, d.prove(ctx, keeper)
}

// prove shows that a credential gets a token, and that the broker takes it.
func (d *Daemon) prove(ctx context.Context, k *credential.Keeper) error {
	token, err := k.Token(ctx)
	if err != nil {
		return &PreflightError{"token", err}
	}
	if err := d.handshake(ctx, held{token, k}); err != nil {
		return &PreflightError{"handshake", err}
	}
	return nil
}

// handshake shows a token to the broker, which gets the marker again that it had last: the pointer stays where it is.
func (d *Daemon) handshake(ctx context.Context, token held) error {
	broker, err := d.locate(ctx, token)
	if err != nil {
		return err
	}
	for _, topic := range d.setup.Load().Routes.Topics {
		marker, err := d.journal.Marker(ctx, topic.Name, topic.Consumer)
		if err != nil {
			return err
		}
		if err := present(ctx, broker, token, topic.Consumer, marker); err != nil {
			return err
		}
	}
	return nil
}

// present shows a token to the broker with a marker, or with one that is none. That the broker finds it so, after it took
// the token, is all that is asked.
func present(ctx context.Context, broker *wire.Broker, token held, consumer, marker string) error {
	if marker == "" {
		marker = "handshake"
	}
	err := broker.Commit(ctx, token.token, consumer, marker)
	failed, ok := errors.AsType[*wire.Error](err)
	if ok && failed.Status >= 400 && failed.Status < 500 && !failed.Refused() && failed.Status != http.StatusTooManyRequests {
		return nil
	}
	return err
}

// Migrate moves to the credential that the instance's file holds by now, while the daemon runs: preflight, switch, streams
// opened anew. Consumer and pointers stay. When it is refused, the daemon goes on with the one before, the file holds that
// again, and the error says so.
func (d *Daemon) Migrate(ctx context.Context, c credential.Credential) (*Report, error) {
	d.migrations.Lock()
	defer d.migrations.Unlock()
	if c.Fingerprint() == d.tokens.inUse().Fingerprint() {
		return nil, ErrSame
	}
	report, err := d.move(ctx, c, func() error {
		d.holds(c.Fingerprint()) // how it stands there
		return nil
	})
	if err == nil {
		return report, nil
	}
	if said := d.putBack(); said != "" {
		err = fmt.Errorf("%w; %s", err, said)
	}
	return report, err
}

// TakeOver moves to a credential that was handed over, as [Daemon.Migrate] does, and writes it into the instance's file once
// it serves. One that can't be written there is rolled back.
func (d *Daemon) TakeOver(ctx context.Context, c credential.Credential) (*Report, error) {
	d.migrations.Lock()
	defer d.migrations.Unlock()
	if c.Fingerprint() == d.tokens.inUse().Fingerprint() {
		if err := d.put(c); err != nil { // it was handed over before, and this process ended meanwhile
			return nil, err
		}
		return nil, ErrSame
	}
	report, err := d.move(ctx, c, func() error { return d.put(c) })
	if err != nil {
		d.putBack()
	}
	return report, err
}

// move changes over to a credential. settle is called when it serves, and has it rolled back when it fails.
func (d *Daemon) move(ctx context.Context, c credential.Credential, settle func() error) (*Report, error) {
	from := d.tokens.inUse()
	d.log.Info(fmt.Sprintf("Migration from %s to %s: preflight", from.Describe(), c.Describe()))
	keeper, err := d.preflight(ctx, c)
	if err != nil {
		d.log.Error(err.Error())
		return nil, err
	}
	m := &Migration{From: from.Describe(), To: c.Describe(), FromFingerprint: from.Fingerprint(), ToFingerprint: c.Fingerprint(), StartedAt: d.clock.Now()}
	for _, l := range d.all() {
		l.audit.begin()
	}
	d.rememberMigration(ctx, m)
	d.keepBefore(ctx, m.FromFingerprint)
	d.tokens.use(keeper)
	d.turnAll(ctx)
	if err = d.turned(ctx, m.ToFingerprint); err == nil {
		err = settle()
	}
	done := *m
	if err != nil {
		done.RolledBack, done.Why = true, err.Error()
		if d.tokens.back(keeper, true) {
			d.turnAll(ctx)
		}
		d.rememberMigration(ctx, &done)
		d.log.Error("The migration was rolled back: " + err.Error())
		return d.report(&done), fmt.Errorf("the migration was rolled back: %w", err)
	}
	done.SwitchedAt = d.clock.Now()
	d.rememberMigration(ctx, &done)
	d.log.Info("Migrated to " + c.Describe())
	return d.report(&done), nil
}

// turnAll has every stream opened anew. Pointers are stored before, so that little comes again.
func (d *Daemon) turnAll(ctx context.Context) {
	for _, l := range d.all() {
		l.flush(ctx, false)
		l.turn()
	}
}

// turned waits until every stream is open with a credential.
func (d *Daemon) turned(ctx context.Context, fingerprint string) error {
	deadline := d.clock.Now().Add(d.config.Pace.Turn)
	for {
		open := true
		for _, l := range d.all() {
			l.mu.Lock()
			open = open && l.fingerprint == fingerprint
			l.mu.Unlock()
		}
		switch {
		case open:
			return nil
		case d.tokens.inUse().Fingerprint() != fingerprint:
			return errors.New("the broker refused the new credential when the stream was opened")
		case !d.clock.Now().Before(deadline):
			return fmt.Errorf("the streams were not open with the new credential within %s", d.config.Pace.Turn)
		}
		if !d.pause(ctx, min(100*time.Millisecond, d.config.Pace.Turn), nil) {
			return ctx.Err()
		}
	}
}

// Report tells of the last migration.
func (d *Daemon) Report() (*Report, error) {
	m := d.migration.Load()
	if m == nil {
		return nil, ErrNoMigration
	}
	return d.report(m), nil
}

func (d *Daemon) report(m *Migration) *Report {
	r := &Report{
		Instance: d.config.Instance, Host: d.host(), From: m.From, To: m.To, FromFingerprint: m.FromFingerprint, ToFingerprint: m.ToFingerprint,
		StartedAt: m.StartedAt, RolledBack: m.RolledBack, Why: m.Why, Partitions: []PartitionReport{},
	}
	if !m.SwitchedAt.IsZero() {
		r.SwitchedAt = &m.SwitchedAt
	}
	for _, l := range d.all() {
		r.Partitions = append(r.Partitions, l.audit.report(l.topic, l.consumer)...)
	}
	total := Total(r.Partitions)
	r.Received, r.Lost, r.Suppressed = total.Received, total.Lost, total.Suppressed
	return r
}

// Rollback returns to the credential before the last migration. It is proven first, as every other one.
func (d *Daemon) Rollback(ctx context.Context) (*Report, error) {
	d.migrations.Lock()
	defer d.migrations.Unlock()
	m := d.migration.Load()
	if m == nil || m.RolledBack {
		return nil, ErrNoMigration
	}
	current := d.tokens.keeper()
	before, undo, err := d.former(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.prove(ctx, before); err != nil {
		undo()
		return nil, err
	}
	if !d.tokens.back(current, true) {
		d.tokens.use(before) // it was not kept here, but in the file
		d.tokens.forget()
	}
	d.turnAll(ctx)
	d.putBack()
	if err := d.turned(ctx, before.Credential().Fingerprint()); err != nil {
		return nil, err
	}
	done := *m
	done.RolledBack, done.Why = true, "asked for"
	d.rememberMigration(ctx, &done)
	d.keepBefore(ctx, "")
	d.log.Info("Rolled back to " + m.From)
	return d.report(&done), nil
}

// Finish lets go of the credential before: it may be removed in the console now.
func (d *Daemon) Finish(ctx context.Context) (*Report, error) {
	d.migrations.Lock()
	defer d.migrations.Unlock()
	r, err := d.Report()
	if err == nil && !r.RolledBack {
		d.tokens.forget()
		d.keepBefore(ctx, "")
		d.log.Info("The migration is finished; the credential before is let go of")
	}
	return r, err
}

// Reload reads the files anew: routes and connectors count from the next trigger on, and a new credential from the next
// connection on, once it has got a token that the broker takes. The stream is not dropped. What can't be read changes
// nothing.
func (d *Daemon) Reload(ctx context.Context) error {
	setup, err := d.config.Load()
	if err != nil {
		d.log.Error("The files were not taken up, and the daemon goes on as before: " + err.Error())
		for _, line := range Explain(err)[1:] {
			d.log.Error(line)
		}
		return err
	}
	if port := d.setup.Load().Options.StatusPort; port != setup.Options.StatusPort {
		d.log.Warn(fmt.Sprintf("monitorServerPort is %d from the next start on; until then it stays %d", setup.Options.StatusPort, port))
	}
	d.setup.Store(setup)
	d.resize(setup.Options)
	d.table.reload(setup)
	d.mu.Lock()
	running := d.life
	d.mu.Unlock()
	d.listen(running, setup)
	d.log.Info("Routes and connectors were read anew")
	d.migrations.Lock()
	defer d.migrations.Unlock()
	if setup.Credential.Fingerprint() == d.tokens.inUse().Fingerprint() {
		return nil
	}
	keeper, err := d.preflight(ctx, setup.Credential)
	if err != nil {
		d.log.Error(err.Error())
		return err
	}
	d.tokens.use(keeper)
	d.stand(setup)
	d.log.Info("The credential was taken up: " + setup.Credential.Describe())
	return nil
}

func isTokenFailure(err error) bool {
	_, isProblem := errors.AsType[*credential.Problem](err)
	return isProblem || tokenFailure(err) != nil
}
