package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"latchkey/client"
	"latchkey/internal/campaign"
	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/exchange"
	"latchkey/internal/finding"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/secret"
	"latchkey/internal/telemetry"
)

// PipelinedOptions are those of `latchkey pipelined`, and of the commands that work with its files.
type PipelinedOptions struct {
	// Routes is the file of NmsPipeline_Config; "" finds it in Conf. StatusListen takes the place of monitorServerPort; ""
	// does not. CAFile holds further authorities to trust.
	Instance, Conf, Routes, StatusListen, CAFile string
	// Host is what the server knows the daemon by; "" is the machine's name.
	Host string
	// AllowHTTP lets tokens and triggers go without TLS.
	AllowHTTP bool
	Err       io.Writer
}

// Within is the process that a daemon is a part of; zero when it has one of its own.
type Within struct {
	// Name is what people call it.
	Name string
	// Server is told of the daemon where its settings name none.
	Server *connector.Server
	// Clock is that of the process; nil is the machine's.
	Clock clock.Clock
}

// private are the networks in which a receiver or a broker may be, for the operator's own files say where they are.
var private = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"}

// maxDelivery bounds a trigger that is posted: the largest that is known is 10 MiB.
const maxDelivery = 128 << 20

// Pipelined runs the consumer daemon of an instance until ctx ends. SIGHUP has it read its files anew.
func Pipelined(ctx context.Context, o PipelinedOptions) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	instance, err := campaign.Load(o.Conf, o.Instance)
	if err != nil {
		return err
	}
	lines, err := pipelined.OpenLog(instance.VarDir(), o.Err)
	if err != nil {
		return err
	}
	log := slog.New(lines)
	err = runPipelined(ctx, o, instance, log, hangups)
	if err != nil {
		for _, line := range pipelined.Explain(err) {
			log.Error(line)
		}
	}
	return errors.Join(err, lines.Close())
}

func runPipelined(ctx context.Context, o PipelinedOptions, instance *campaign.Instance, log *slog.Logger, hangups <-chan os.Signal) (err error) {
	metrics, err := telemetry.NewMetrics(Version)
	if err != nil {
		return fmt.Errorf("setting up metrics: %w", err)
	}
	defer func() { err = errors.Join(err, metrics.Close(context.WithoutCancel(ctx))) }()
	d, done, err := OpenPipelined(ctx, o, Within{}, instance, log, metrics)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	address := o.StatusListen
	if port := d.Setup().Options.StatusPort; address == "" && port > 0 {
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	d.Start(ctx)
	sockets, err := d.Serve(ctx, address, metrics.Handler())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sockets.Close()) }()
	if sockets.Address.StatusURL != "" {
		log.Info("Status: " + sockets.Address.StatusURL)
	}
	for {
		select {
		case <-ctx.Done():
			log.Info("Asked to end: finishing what is under way")
			return nil
		case <-d.Quitting():
			log.Info("Asked to end: finishing what is under way")
			return nil
		case <-hangups:
			_ = d.Reload(ctx) // it has logged what keeps the files from being taken up
		}
	}
}

// OpenPipelined makes the daemon of an instance, not started, and what closes it.
func OpenPipelined(ctx context.Context, o PipelinedOptions, within Within, instance *campaign.Instance, log *slog.Logger, metrics *telemetry.Metrics) (d *pipelined.Daemon, done func() error, err error) {
	if within.Clock == nil {
		within.Clock = clock.System()
	}
	outside, err := o.egress(within.Clock, log)
	if err != nil {
		return nil, nil, err
	}
	config := pipelined.Config{
		Instance: o.Instance, Dir: instance.VarDir(), Client: outside, Clock: within.Clock, Log: log,
		Exchanger: exchange.New(exchange.Config{Client: outside, Clock: within.Clock}),
		Version:   Version, Connect: func(at connector.Server) (pipelined.Server, error) { return o.connect(at) },
		Token: o.token, Within: within.Name, Host: o.Host, File: instanceFile{o.Conf, o.Instance},
		Load: func() (*pipelined.Setup, error) {
			setup, err := LoadPipelined(o)
			if err == nil && setup.Settings.Server == nil {
				setup.Settings.Server = within.Server
			}
			return setup, err
		},
	}
	if metrics != nil {
		config.Meter = metrics.Meter("pipelined")
	}
	d, err = pipelined.Open(ctx, config)
	if err != nil {
		outside.Close()
		return nil, nil, err
	}
	return d, func() error {
		err := d.Close()
		outside.Close()
		return err
	}, nil
}

// connect reaches the Latchkey that is told of the daemon. It is called every few seconds, so that no connection is kept.
func (o PipelinedOptions) connect(at connector.Server) (*client.Client, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	if o.CAFile != "" {
		text, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the authorities to trust: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("reading the system's certificates: %w", err)
		}
		pool.AppendCertsFromPEM(text)
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	}
	return client.New(client.Config{
		URL: at.URL, Key: at.Key, UserAgent: "latchkey-pipelined/" + Version, HTTPClient: &http.Client{Transport: transport, Timeout: 20 * time.Second},
	})
}

// token asks a Latchkey for a connection's token.
func (o PipelinedOptions) token(ctx context.Context, at connector.Server, connection string) (secret.String, error) {
	c, err := o.connect(at)
	if err != nil {
		return secret.String{}, err
	}
	token, err := c.Token(ctx, connection, client.TokenOptions{MinTTL: time.Minute})
	return secret.New(token.AccessToken), err
}

func (o PipelinedOptions) egress(at clock.Clock, log *slog.Logger) (*egress.Client, error) {
	config := egress.Config{
		Allow: private, AllowLoopback: true, AllowHTTP: o.AllowHTTP, MaxRequest: maxDelivery, UserAgent: "latchkey-pipelined/" + Version, Clock: at, Log: log,
	}
	if o.CAFile != "" {
		text, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading the authorities to trust: %w", err)
		}
		config.ExtraRoots = text
	}
	return egress.New(config)
}

// LoadPipelined reads everything that the daemon of an instance goes by.
func LoadPipelined(o PipelinedOptions) (*pipelined.Setup, error) {
	instance, err := campaign.Load(o.Conf, o.Instance)
	if err != nil {
		return nil, err
	}
	view, err := pipelinedView(instance)
	if err != nil {
		return nil, err
	}
	return pipelined.NewSetup(view, pipelined.Files{Conf: o.Conf, Instance: o.Instance, Routes: o.Routes})
}

// pipelinedView takes what the daemon asks for out of an instance's configuration. A secret that can't be opened is an error
// only where the configured way to a token needs it.
func pipelinedView(instance *campaign.Instance) (pipelined.Instance, error) {
	p := instance.Pipelined
	view := pipelined.Instance{
		Standing: standing(instance), Organization: instance.Organization, IMSEndpoint: instance.IMS.Endpoint, ClientID: instance.IMS.TechnicalClientID, AccountID: instance.IMS.TechnicalAccount,
	}
	if !p.Configured {
		return view, nil
	}
	view.Options = &pipelined.Options{
		AppName: p.AppName, GatewayEndpoint: p.GatewayEndpoint, AuthType: p.AuthType, DisableAuth: p.DisableAuth,
		DiscoverEndpoint: p.DiscoverEndpoint, ForcedEndpoint: p.ForcedEndpoint, DumpState: p.DumpStatePeriod,
		MemoryWarning: int64(p.MemoryWarningMB), MemoryAlert: int64(p.MemoryAlertMB), StatusPort: p.MonitorPort,
		PointerFlushCount: p.PointerFlushCount, PointerFlushPeriod: p.PointerFlushPeriod, ScriptThreads: p.JSThreads, BuiltInThreads: p.Threads,
		RetryPeriod: p.RetryPeriod, RetryValidity: p.RetryValidity,
	}
	for _, value := range instance.Effective() {
		if why, idle := pipelined.Idle[value.Name]; idle && value.Path == campaign.PathPipelined && value.File != "" && value.Text != "" {
			view.Notes = append(view.Notes, pipelined.Note{Attribute: value.Name, Why: why})
		}
	}
	open := func(value campaign.Value, into *secret.String) error {
		text, err := instance.Open(value)
		if errors.Is(err, campaign.ErrEmpty) {
			return nil
		}
		*into = text
		return err
	}
	switch instance.Grant() {
	case campaign.GrantGateway:
		return view, open(p.PrivateKey, &view.LegacyKey)
	case campaign.GrantJWT, campaign.GrantOAuth:
		return view, errors.Join(open(instance.IMS.TechnicalSecret, &view.ClientSecret), open(instance.IMS.TechnicalKey, &view.PrivateKey))
	}
	return view, nil
}

// ReplayLetters replays dead letters of an instance whose daemon does not run.
func ReplayLetters(ctx context.Context, o PipelinedOptions, ids []int64, told func(id int64, err error)) error {
	instance, err := campaign.Load(o.Conf, o.Instance)
	if err != nil {
		return err
	}
	d, done, err := OpenPipelined(ctx, o, Within{}, instance, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := d.Replay(ctx, id)
		told(id, err)
		if err != nil && ctx.Err() != nil {
			break
		}
	}
	return errors.Join(done(), ctx.Err())
}

// ExaminePipelined looks at every layer that an instance's triggers come through.
func ExaminePipelined(ctx context.Context, o PipelinedOptions) ([]finding.Layer, error) {
	instance, err := campaign.Load(o.Conf, o.Instance)
	if err != nil {
		return nil, err
	}
	outside, err := o.egress(clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer outside.Close()
	files := finding.Layer{Name: "files", Status: finding.OK, Message: campaign.FileName(o.Instance) + " can be read"}
	for _, problem := range instance.Problems {
		text := problem.Message + "; " + problem.Fix
		if problem.Value.Name != "" {
			text = problem.Value.String() + ": " + text
		}
		files.Warnings = append(files.Warnings, text)
	}
	view, err := pipelinedView(instance)
	if err != nil {
		files.Status, files.Message = finding.Failed, err.Error()
		files.Advice = []finding.Advice{finding.Change("enter it again: nlserver config -setimsjwtauth or -setimsoauth", campaign.FileName(o.Instance))}
		return []finding.Layer{files}, nil
	}
	layers := pipelined.Examine(ctx, pipelined.Examination{
		Instance: view, Files: pipelined.Files{Conf: o.Conf, Instance: o.Instance, Routes: o.Routes}, Dir: instance.VarDir(), Client: outside,
		Exchanger: exchange.New(exchange.Config{Client: outside, Clock: clock.System()}), Clock: clock.System(),
	})
	return append([]finding.Layer{files}, layers...), nil
}
