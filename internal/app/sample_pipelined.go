package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"latchkey/internal/campaign"
	"latchkey/internal/pipelined"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/secret"
)

// sampleDaemon is the pipelined of the sample instance, which runs within this process.
type sampleDaemon struct {
	status string
	close  func() error
}

// startPipelined runs the daemon of the instance "sample" beside the server. The server does without it: what keeps it from
// running is told, and `latchkey pipeline doctor sample` says more.
func (d *dev) startPipelined(ctx context.Context, key secret.String) {
	o := PipelinedOptions{Instance: "sample", Conf: d.config.path("sample", "conf")}
	if _, err := os.Stat(d.config.path("sample", "conf", campaign.FileName(o.Instance))); errors.Is(err, fs.ErrNotExist) {
		return
	}
	if d.options.TLS {
		o.CAFile = d.config.path("keys", "ca.crt")
	}
	if _, port, err := net.SplitHostPort(d.config.Listen); err == nil && port == "0" {
		o.StatusListen = "127.0.0.1:0"
	}
	daemon, err := runSample(context.WithoutCancel(ctx), o, Within{"latchkey dev", &connector.Server{URL: d.url, Key: key.Reveal()}, d.clock})
	if err != nil {
		d.log.Warn("pipelined of the sample instance does not run", "error", err)
		return
	}
	d.pipelined = daemon
}

func runSample(ctx context.Context, o PipelinedOptions, within Within) (*sampleDaemon, error) {
	instance, err := campaign.Load(o.Conf, o.Instance)
	if err != nil {
		return nil, err
	}
	lines, err := pipelined.OpenLog(instance.VarDir(), nil)
	if err != nil {
		return nil, err
	}
	daemon, done, err := OpenPipelined(ctx, o, within, instance, slog.New(lines), nil)
	if err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	address := o.StatusListen
	if port := daemon.Setup().Options.StatusPort; address == "" && port > 0 {
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	daemon.Start(ctx)
	sockets, err := daemon.Serve(ctx, address, nil)
	if err != nil {
		return nil, errors.Join(err, done(), lines.Close())
	}
	end := sync.OnceValue(func() error { return errors.Join(sockets.Close(), done(), lines.Close()) })
	hear := reloads(ctx, daemon, end)
	return &sampleDaemon{sockets.Address.StatusURL, func() error {
		hear()
		return end()
	}}, nil
}

// reloads has the daemon read its files anew at SIGHUP, which `nlserver config -reload` sends to this process, until the
// function that it gives is called. `nlserver stop` has it end alone: stop, and the server goes on.
func reloads(ctx context.Context, daemon *pipelined.Daemon, stop func() error) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	var hearing sync.WaitGroup
	hearing.Go(func() {
		for {
			select {
			case <-hangups:
				_ = daemon.Reload(ctx) // it logs what keeps the files from being taken up
			case <-daemon.Quitting():
				_ = stop() // who closes the sample gets the same error
				return
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		signal.Stop(hangups)
		cancel()
		hearing.Wait()
	}
}

// untilPipelinedEnds gives a context that ends after ctx, once the sample's daemon has stored its pointer: it needs the
// server for that.
func (d *dev) untilPipelinedEnds(ctx context.Context) context.Context {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		defer cancel()
		d.stopPipelined()
	})
	return later
}

func (d *dev) stopPipelined() {
	if d.pipelined == nil {
		return
	}
	if err := d.pipelined.close(); err != nil {
		d.log.Warn("ending the sample's pipelined", "error", err)
	}
	d.pipelined = nil
}
