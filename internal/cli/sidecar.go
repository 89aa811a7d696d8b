package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"latchkey/client"
	"latchkey/internal/secret"
	"latchkey/internal/sidecar"
)

// always is how long a sidecar goes on with a connection that nobody asks for: as long as it runs.
const always = 100 * 365 * 24 * time.Hour

type sidecarOptions struct {
	listen, cache, key string
	least              time.Duration
}

func (p *program) sidecarCommand() *cobra.Command {
	var o sidecarOptions
	command := &cobra.Command{
		Use:   "sidecar CONNECTION... [--listen 127.0.0.1:8378] [--cache FILE] [--local-key @FILE]",
		Short: "Hand connections' tokens to the programs of this machine",
		Long: `Answer the programs of this machine, which need no key and no code of ours, with the tokens of the connections that are
named. Tokens are renewed before they end, and served to their end while the server is away; with --cache by a sidecar
that starts meanwhile, too.

It speaks three ways:
  Latchkey's own   GET /api/v1/connections/CONNECTION/token, and calls through /api/v1/proxy/CONNECTION/…; any client
                   of Latchkey with LATCHKEY_URL=http://127.0.0.1:8378
  Google's         the metadata server of a Compute Engine machine: GCE_METADATA_HOST=127.0.0.1:8378
  Azure's          the identity of a machine, AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:8378, or of an App
                   Service, IDENTITY_ENDPOINT=http://127.0.0.1:8378/msi/token
For these two a connection is a service account or a resource by its name; "default", or none, is the first one named.

It listens on this machine alone: a loopback address, or a Unix socket (unix:PATH, for you alone). Every program of the
machine can ask an address; --local-key makes them show a key, which Google's way has no place for. It runs until it is
asked to end (SIGINT, SIGTERM).`,
		Example: `  latchkey sidecar acme
  curl -H 'Latchkey-Request: true' -H 'Accept: text/plain' http://127.0.0.1:8378/api/v1/connections/acme/token
  latchkey sidecar acme moviestar --listen unix:/run/app/latchkey.sock --cache /var/lib/app/tokens`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(command, "CONNECTION is missing: name those whose tokens are to be had")
			}
			return nil
		},
		ValidArgsFunction: p.completeConnections,
		RunE: func(command *cobra.Command, args []string) error {
			key, err := p.localKey(command, o.key)
			if err != nil {
				return err
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			if o.cache != "" {
				if o.cache, err = filepath.Abs(o.cache); err != nil {
					return err
				}
			}
			log := slog.New(slog.NewTextHandler(p.Err, nil))
			keeper, err := client.NewKeeper(client.KeeperConfig{Client: c, Margin: o.least, Idle: always, File: o.cache, Log: log})
			if err != nil {
				return err
			}
			defer keeper.Close()
			return p.runSidecar(command.Context(), o.listen, sidecar.Config{Client: c, Keeper: keeper, Connections: args, Key: secret.New(key), Log: log})
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8378", "loopback `address`, or unix:PATH; port 0 picks one")
	flags.StringVar(&o.cache, "cache", "", "`file` that keeps the tokens for the next start, sealed with what only your API key gives")
	flags.StringVar(&o.key, "local-key", "", "`key` that programs have to show as Authorization: Bearer, as @FILE or - for standard input")
	flags.DurationVar(&o.least, "min-ttl", time.Minute, "how long a token has to live at least when it is handed out")
	return p.withRemote(command)
}

// localKey reads --local-key; "" when it is not given.
func (p *program) localKey(command *cobra.Command, given string) (string, error) {
	if given == "" {
		return "", nil
	}
	if !strings.HasPrefix(given, "@") && given != "-" {
		return "", usagef(command, "--local-key takes @FILE, or - for standard input: on the command line every user of the machine could read it")
	}
	text, err := p.value("--local-key", given)
	if err == nil && strings.TrimSpace(text) == "" {
		err = usagef(command, "--local-key: there is nothing in it")
	}
	return strings.TrimSpace(text), err
}

func (p *program) runSidecar(ctx context.Context, address string, config sidecar.Config) error {
	listener, url, err := listenHere(ctx, address)
	if err != nil {
		return err
	}
	if err := p.firstTokens(ctx, config); err != nil {
		_ = listener.Close()
		return err
	}
	p.say("latchkey sidecar: %s", url)
	p.tell("serving %s; end it with Ctrl+C", strings.Join(config.Connections, ", "))
	return serveUntil(ctx, listener, sidecar.New(config))
}

// firstTokens asks for each token once, so that a wrong name is told at the start. A server that is away, and a consent that is
// wanting, may come.
func (p *program) firstTokens(ctx context.Context, config sidecar.Config) error {
	for _, ref := range config.Connections {
		token, err := config.Keeper.Token(ctx, ref, client.TokenOptions{})
		answer, answered := errors.AsType[*client.Error](err)
		switch {
		case err == nil:
			p.tell("%s: %s", ref, p.tokenLife(token))
		case ctx.Err() != nil:
			return nil
		case answered && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden || answer.Status == http.StatusNotFound):
			return tokenHint(answer, ref)
		default:
			p.warn("%s: %v", ref, err)
		}
	}
	return nil
}

// tokenLife says until when a token is good.
func (p *program) tokenLife(token client.Token) string {
	if token.ExpiresAt.IsZero() {
		return "a token whose end the provider does not tell"
	}
	return "a token until " + token.ExpiresAt.UTC().Format(time.RFC3339)
}

// listenHere listens where this machine alone can call.
func listenHere(ctx context.Context, address string) (net.Listener, string, error) {
	var config net.ListenConfig
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		listener, err := listenSocket(ctx, path)
		return listener, address, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", &usageError{text: "--listen: expected HOST:PORT or unix:PATH"}
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, "", &usageError{text: "--listen: tokens are handed out on this machine alone: expected 127.0.0.1, ::1 or localhost, or unix:PATH"}
	}
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, "", fmt.Errorf("listening on %s: %w", address, err)
	}
	return listener, "http://" + listener.Addr().String(), nil
}

// listenSocket makes a socket for the caller alone. One that nobody answers on any more is replaced.
func listenSocket(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("listening on %s: there is a file of that name", path)
		}
		if other, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path); err == nil {
			_ = other.Close()
			return nil, fmt.Errorf("listening on %s: another one does", path)
		}
		_ = os.Remove(path)
	}
	// Made in a folder of its own, so that nobody can call before the mode is set.
	folder, err := os.MkdirTemp(filepath.Dir(path), ".latchkey-") // 0700
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	made := filepath.Join(folder, "s")
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", made)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	return &socket{listener, path}, nil
}

// socket is a listener that takes its file with it.
type socket struct {
	net.Listener

	path string
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	_ = os.Remove(s.path)
	return err
}

// serveUntil answers until ctx ends, and lets what is under way finish.
func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	} // reading and writing take as long as a stream through the proxy does
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if server.Shutdown(patience) != nil {
		_ = server.Close()
	}
	<-ended
	return nil
}

// endpoint serves a connection's token to a command that is run, until the function that it gives is called.
func (p *program) endpoint(ctx context.Context, c *client.Client, keeper *client.Keeper, ref string) (variables []string, end func(), err error) {
	listener, url, err := listenHere(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	key := rand.Text()
	handler := sidecar.New(sidecar.Config{Client: c, Keeper: keeper, Connections: []string{ref}, Key: secret.New(key)})
	live, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); _ = serveUntil(live, listener, handler) }()
	variables = []string{"LATCHKEY_URL=" + url, "LATCHKEY_KEY=" + key, "LATCHKEY_CONNECTION=" + ref, "IDENTITY_ENDPOINT=" + url + "/msi/token", "IDENTITY_HEADER=" + key}
	return variables, func() { cancel(); <-done }, nil
}
