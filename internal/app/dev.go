package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/adobesim"
	"latchkey/internal/clock"
	"latchkey/internal/devca"
	"latchkey/internal/egress"
	"latchkey/internal/expiry"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/simulator"
	"latchkey/internal/store"
	"latchkey/internal/telemetry"
	"latchkey/internal/trial"
)

// DevOptions are what `latchkey dev` can be told.
type DevOptions struct {
	// Listen is host:port; port 0 picks one.
	Listen string
	// Data is the directory that holds everything.
	Data string
	// Ready is a file for a copy of dev.json; "" means none.
	Ready string
	// TLS serves HTTPS with a certificate of the data directory's own authority.
	TLS bool
	// Intercept answers for the vendor's hosts, through a proxy at ProxyListen.
	Intercept   bool
	ProxyListen string
	// PublicURLs replace the listener's own address in links and callbacks.
	PublicURLs []string
	// Ephemeral keeps everything in a directory of its own, in place of Data, which is gone with the server.
	Ephemeral bool
	// FastClock lets the server's clock be moved ahead, at /dev/clock.
	FastClock bool
	// JSON prints what dev.json holds, on one line, in place of what a person reads.
	JSON     bool
	LogLevel string
	// Program is how people call this binary; "" means latchkey.
	Program string
	// Out gets what a person reads, Err the log.
	Out, Err io.Writer
}

// Dev runs Latchkey on a workstation until ctx ends: embedded stores, a sample organization, simulated providers.
func Dev(ctx context.Context, options DevOptions) error {
	d, err := newDev(options)
	if err != nil {
		return err
	}
	if err := d.prepare(ctx); err != nil {
		return errors.Join(err, d.release())
	}
	house, l, err := d.start(ctx, d.plan())
	if err != nil {
		return err
	}
	if err := d.welcome(ctx, house); err != nil {
		d.stopPipelined()
		return errors.Join(err, l.stop(ctx), house.close(ctx))
	}
	return house.run(d.untilPipelinedEnds(ctx), l)
}

// start builds the house and begins to serve. What prepare took is given back when that fails.
func (d *dev) start(ctx context.Context, p plan) (*house, *listener, error) {
	house, err := build(ctx, p)
	if err != nil {
		return nil, nil, errors.Join(err, d.bound.Close())
	}
	err = house.begin(ctx)
	var l *listener
	if err == nil {
		l, err = d.open(house)
	}
	if err != nil {
		return nil, nil, errors.Join(err, d.bound.Close(), house.close(ctx))
	}
	return house, l, nil
}

// dev is a workstation's server while it is put together.
type dev struct {
	options    DevOptions
	config     *Config
	lock       *store.Lock
	clock      clock.Clock
	mover      *mover // nil without FastClock
	log        *slog.Logger
	root       seal.Root
	authority  *devca.Authority
	simulator  *simulator.Simulator
	simAddr    string
	closeSim   func()
	adobe      *adobesim.Sim
	adobeAddr  string
	closeAdobe func()
	bound      net.Listener
	url        string
	vendor     net.Listener // of the intercepting proxy; nil without
	pipelined  *sampleDaemon
	// forgetful has the simulator keep nothing.
	forgetful bool
}

func newDev(options DevOptions) (*dev, error) {
	options.Program = cmp.Or(options.Program, "latchkey")
	config, err := LoadConfig("", nil)
	if err != nil {
		return nil, err
	}
	config.Registration, config.RegistrationOrganization = registrationOpen, sampleOrganizationID
	config.Data, config.Listen = cmp.Or(options.Data, config.Data), cmp.Or(options.Listen, config.Listen)
	log, err := newLog(options.Err, options.LogLevel, "auto")
	d := &dev{options: options, config: config, clock: clock.System(), log: log}
	if options.FastClock {
		ahead := clock.NewAhead()
		d.clock, d.mover = ahead, &mover{clock: ahead}
	}
	return d, err
}

// openEphemeral makes the directory that is gone with the server.
func (d *dev) openEphemeral() (err error) {
	if !d.options.Ephemeral {
		return nil
	}
	if d.config.Data, err = os.MkdirTemp("", "latchkey-ephemeral-"); err != nil {
		return fmt.Errorf("making the ephemeral data directory: %w", err)
	}
	return nil
}

// prepare takes what a workstation's server needs from outside: the data directory, the port, the providers.
func (d *dev) prepare(ctx context.Context) (err error) {
	if err := d.openEphemeral(); err != nil {
		return err
	}
	if d.lock, err = lockData(d.config); err != nil {
		return err
	}
	if err := os.MkdirAll(d.config.path("keys"), 0o700); err != nil {
		return fmt.Errorf("making the data directory: %w", err)
	}
	if d.root, _, err = d.config.openOrCreateRoot(); err != nil {
		return err
	}
	if d.authority, err = devca.LoadOrCreate(d.config.path("keys")); err != nil {
		return err
	}
	if d.bound, err = listen(ctx, d.config.Listen); err != nil {
		return hinted(err, "another server may be running there; --listen 127.0.0.1:0 picks a free port")
	}
	d.url = d.scheme() + "://" + d.bound.Addr().String()
	if len(d.options.PublicURLs) == 0 {
		d.options.PublicURLs = []string{d.url}
	}
	if err := d.listenForVendor(ctx); err != nil {
		return err
	}
	if err := d.startSimulator(ctx); err != nil {
		return err
	}
	return d.startAdobe(ctx)
}

// release gives back what prepare took, in the reverse order. The port belongs to the listener once that serves.
func (d *dev) release() error {
	var errs []error
	if d.vendor != nil {
		_ = d.vendor.Close() // closed already once there was a proxy
	}
	if d.closeAdobe != nil {
		d.closeAdobe()
	}
	if d.closeSim != nil {
		d.closeSim()
	}
	if d.simulator != nil {
		errs = append(errs, d.simulator.Close())
	}
	if d.lock != nil {
		errs = append(errs, d.lock.Release())
	}
	if d.options.Ephemeral {
		errs = append(errs, os.RemoveAll(d.config.Data))
	}
	return errors.Join(errs...)
}

func (d *dev) scheme() string {
	if d.options.TLS {
		return "https"
	}
	return "http"
}

func newLog(out io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(cmp.Or(level, "info"))); err != nil {
		return nil, &ConfigError{Setting: "log.level", Problem: fmt.Sprintf("%q is not a level", level), Fix: "use debug, info, warn or error"}
	}
	if format == "auto" {
		format = ""
	}
	return telemetry.NewLogger(telemetry.LogConfig{Output: out, Level: l, Format: format}), nil
}

func (d *dev) startSimulator(ctx context.Context) (err error) {
	// It remembers what it issued, as a provider does: connections outlive a restart.
	config := simulator.Config{Now: d.clock.Now, Log: d.log}
	if !d.forgetful {
		config.File = d.config.path("simulator.jsonl")
	}
	d.simulator, err = simulator.Open(config)
	if err != nil {
		return fmt.Errorf("starting the simulator: %w", err)
	}
	// It outlives the signal to stop: refreshes that are under way then still need their provider.
	d.simAddr, d.closeSim, err = d.simulator.StartTLS(context.WithoutCancel(ctx), d.authority)
	if err != nil {
		return fmt.Errorf("starting the simulator: %w", err)
	}
	return nil
}

func (d *dev) plan() plan {
	overrides := make([]egress.Override, 0, len(simulator.Hosts()))
	for _, host := range simulator.Hosts() {
		overrides = append(overrides, egress.Override{Suffix: host, Address: d.simAddr, Roots: d.authority.CertPool()})
	}
	overrides = append(overrides, d.adobeOverrides()...)
	overrides = append(overrides, d.vendorOverrides()...)
	root := d.authority.Root()
	authority := certificateEnding(root, root.Subject.CommonName, "start the server anew, and trust the new ca.crt")
	authority.Renews = true
	return plan{
		certificates: expiry.Fixed{authority}, config: d.config, clock: d.clock, release: d.release, log: d.log, root: d.root, publicURLs: d.options.PublicURLs, workstation: true,
		overrides: overrides, roots: d.authority.CertPEM(), url: d.ownURL(), browserURL: d.browserURL, trials: trial.New(trial.Config{Authority: d.authority, Clock: d.clock, Log: d.log}), program: d.program(), example: "sample-client-credentials",
		products: d.adobe, provider: d.simulator,
	}
}

// ownURL is where this server finds itself; "" where it listens on an address that its own guard would not let it call.
func (d *dev) ownURL() string {
	at, err := netip.ParseAddrPort(d.bound.Addr().String())
	switch {
	case err != nil:
		return ""
	case at.Addr().IsUnspecified():
		at = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port())
	case !at.Addr().IsLoopback():
		return ""
	}
	return d.scheme() + "://" + at.String()
}

// simulatorPath is where the browser finds the simulated hosts.
const simulatorPath = "/sim"

// browserURL leads a browser, which can't resolve the simulated hosts, to the same page under /sim/HOST/.
func (d *dev) browserURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	for _, suffix := range simulator.Hosts() {
		if host := strings.ToLower(u.Hostname()); host == suffix || strings.HasSuffix(host, "."+suffix) {
			local := url.URL{Path: simulatorPath + "/" + host + u.Path, RawQuery: u.RawQuery, Fragment: u.Fragment}
			return strings.TrimRight(d.options.PublicURLs[0], "/") + local.String()
		}
	}
	return address
}

// open makes the pages and begins to serve.
func (d *dev) open(h *house) (*listener, error) {
	handler, err := h.handler(func(mux *http.ServeMux) {
		mux.Handle(simulatorPath+"/", d.simulator.Browser(simulatorPath))
		d.mountAdobe(mux)
		if d.mover != nil {
			d.mover.rest = h.keeper.Rest
			d.mover.mount(mux)
		}
	})
	if err != nil {
		return nil, err
	}
	var certificates *tls.Config
	if d.options.TLS {
		certificates = d.authority.TLSConfig()
	}
	handler = proxied(nil, handler)
	l := serve(d.bound, handler, certificates, d.log)
	l.beside = d.startIntercept(handler)
	return l, nil
}

// welcome makes the samples, writes dev.json and says what to try.
func (d *dev) welcome(ctx context.Context, h *house) error {
	before, err := readReady(d.config.path("dev.json"))
	if err != nil {
		return err
	}
	organization, err := h.sampleOrganization(ctx)
	if err != nil {
		return err
	}
	key, err := h.administratorKey(ctx, organization, secret.New(before.AdminKey))
	if err != nil {
		return err
	}
	if err := h.makeSamples(ctx, organization); err != nil {
		return err
	}
	d.startPipelined(ctx, key)
	person, err := h.samplePerson(ctx, organization)
	if err != nil {
		return err
	}
	path, err := h.pages.SignInPath(ctx, person)
	if err != nil {
		return err
	}
	ready := Ready{URL: d.url, AdminKey: key.Reveal(), Organization: organization, PID: os.Getpid(), SignInURL: d.url + path}
	if ready.Data, err = filepath.Abs(d.config.Data); err != nil {
		return err
	}
	if d.mover != nil {
		ready.ClockURL = d.url + clockPath
	}
	if d.options.TLS {
		if ready.CAFile, err = filepath.Abs(d.config.path("keys", "ca.crt")); err != nil {
			return err
		}
	}
	if d.pipelined != nil {
		ready.PipelinedStatusURL = d.pipelined.status
	}
	if err := d.describeIntercept(&ready); err != nil {
		return err
	}
	for _, path := range []string{d.config.path("dev.json"), d.options.Ready} {
		if path == "" {
			continue
		}
		if err := writeReady(path, ready); err != nil {
			return err
		}
	}
	if d.options.JSON {
		return json.NewEncoder(d.options.Out).Encode(ready)
	}
	d.print(ready)
	return nil
}

// print says what to open and what to type.
func (d *dev) print(ready Ready) {
	program, file := d.program(), d.config.path("dev.json")
	curl := "curl"
	if d.options.TLS {
		curl += " --cacert " + d.config.path("keys", "ca.crt")
	}
	fmt.Fprintf(d.options.Out, `Latchkey %[1]s serves at %[2]s, its data is in %[3]s

Open
  %[4]s
      the console, signed in as Ada Sample (the link works once)
  %[2]s/docs
      the API
  %[2]s/sim/
      Moviestar, a provider on this machine that the samples connect to
  %[2]s/sim/_adobe/faults
      Target and Analytics are stood in for too: the switches by which they refuse

Try, in another terminal: a token for each of the three grants
  %[5]s token sample-client-credentials
  %[5]s token sample-password
  %[5]s connection reauthorize sample-authorization-code     # opens a page: press Allow
  %[5]s token sample-authorization-code

AEM's IMS configurations, against the authority of this machine
  %[5]s ims check sample-target
  %[5]s ims check sample-analytics

Its cloud services, against Target and Analytics as this machine stands in for them
  %[5]s cloud-service connect sample-target
  %[5]s cloud-service connect sample-analytics

%[9]sThe same from any program, with the key in %[6]s
  KEY=$(sed -n 's/.*"admin_key": "\(.*\)".*/\1/p' %[6]s)
  %[7]s -H "Authorization: Bearer $KEY" %[2]s/api/v1/connections/sample-password/token

%[8]s%[10]sCtrl-C stops it; everything is %[11]s.
`, Version, ready.URL, d.config.Data, ready.SignInURL, program, file, curl, d.interceptHelp(), d.pipelinedHelp(program), d.clockHelp(), d.fate())
}

// clockHelp says how the clock is moved; "" without --fast-clock.
func (d *dev) clockHelp() string {
	if d.mover == nil {
		return ""
	}
	return "An hour passes when you say so: everything here goes by a clock of its own\n  curl -d '{\"advance\": \"1h\"}' " + d.url + clockPath + "\n\n"
}

// fate says what becomes of the data.
func (d *dev) fate() string {
	if d.options.Ephemeral {
		return "gone then"
	}
	return "kept"
}

// pipelinedHelp names the sample instance, when its daemon runs.
func (d *dev) pipelinedHelp(program string) string {
	if d.pipelined == nil {
		return ""
	}
	return "A Campaign instance named sample, whose pipelined runs within this process\n  " + program + " pipeline doctor sample --conf " + d.config.path("sample", "conf") + "\n\n"
}

// program is the command to type in another terminal: it has to find this data directory.
func (d *dev) program() string {
	if d.config.Data == ".latchkey" || d.config.Data == os.Getenv("LATCHKEY_DATA") {
		return d.options.Program
	}
	return d.options.Program + " --data " + d.config.Data
}

// administrator acts for whoever started the program at the workstation.
func administrator(organization string) access.Caller {
	return access.Caller{ID: "dev", Name: "Administrator", Organization: organization, Scopes: access.Scopes{access.Admin}}
}

// administratorKey gives the key of an earlier run when it still works, else a new one.
func (h *house) administratorKey(ctx context.Context, organization string, before secret.String) (secret.String, error) {
	if caller, err := h.keyring.Authenticate(before.Reveal()); err == nil && caller.Organization == organization {
		return before, nil
	}
	created, err := h.keyring.Create(ctx, administrator(organization), registry.NewKey{
		Name: "administrator of " + h.clock.Now().UTC().Format(time.DateOnly), Scopes: access.Scopes{access.Admin},
	})
	if err != nil {
		return secret.String{}, fmt.Errorf("making the administrator's key: %w", err)
	}
	return created.Value, nil
}

// hinted adds what to do to an error.
func hinted(err error, hint string) error { return fmt.Errorf("%w\nhint: %s", err, hint) }
