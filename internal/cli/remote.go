package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"latchkey/client"
)

// defaultData is the data directory of `latchkey dev`.
const defaultData = ".latchkey"

const noServerHint = `start one with "latchkey dev", or set LATCHKEY_URL and LATCHKEY_KEY`

// remote is the server that a command talks to: what the flags say, and once it is found where it was found.
type remote struct {
	server, key, data, sandbox string // flags

	file      string // the dev.json that named the server, "" when something else did
	pid       int    // of the server that wrote it
	keySource string // where the key was found

	http *http.Client // what reaches the server beside the API; nil is the usual one
}

// ready is what `latchkey dev` writes into dev.json.
type ready struct {
	URL      string `json:"url"`
	AdminKey string `json:"admin_key"`
	CAFile   string `json:"ca_file"`
	PID      int    `json:"pid"`

	ProxyURL    string `json:"proxy_url"` // and what follows: with dev --intercept
	BundleFile  string `json:"ca_bundle_file"`
	PreloadFile string `json:"preload_file"`
}

// withRemote gives a command, and those below it, the flags that say which server to talk to.
func (p *program) withRemote(command *cobra.Command) *cobra.Command {
	p.remoteFlagsOf(command.PersistentFlags())
	return command
}

// remoteFlagsOf puts them into a set of flags.
func (p *program) remoteFlagsOf(flags *pflag.FlagSet) {
	flags.StringVar(&p.remote.server, "server", "", "server's `URL` (else LATCHKEY_URL, else dev.json in --data)")
	flags.StringVar(&p.remote.key, "key", "", "API `key`, as @FILE or - for standard input (else LATCHKEY_KEY)")
	flags.StringVar(&p.remote.data, "data", "",
		"`directory` of a dev server's dev.json (else LATCHKEY_DATA, else .latchkey)")
	flags.StringVar(&p.remote.sandbox, "sandbox", "", "`name` of the sandbox (else LATCHKEY_SANDBOX, else the key's own)")
}

// withClient gives what a command does a client for its server.
func (p *program) withClient(
	act func(ctx context.Context, c *client.Client, args []string) error,
) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		c, err := p.client()
		if err != nil {
			return err
		}
		return act(command.Context(), c, args)
	}
}

// client finds the server and the key.
func (p *program) client() (*client.Client, error) {
	config := client.Config{
		URL:       p.flagOrEnv(p.remote.server, "LATCHKEY_URL"),
		Sandbox:   p.flagOrEnv(p.remote.sandbox, "LATCHKEY_SANDBOX"),
		UserAgent: "latchkey-cli/" + p.Version,
	}
	key, err := p.key()
	if err != nil {
		return nil, err
	}
	dev, err := p.dev()
	if err != nil && (config.URL == "" || key == "") {
		return nil, withHint(err, noServerHint)
	}
	// The key of dev.json is an administrator's: it goes to the server that wrote it and to no other.
	ours := dev.URL != "" && (config.URL == "" || strings.TrimRight(config.URL, "/") == strings.TrimRight(dev.URL, "/"))
	if ours {
		config.URL = dev.URL
		p.remote.file, p.remote.pid = p.devFile(), dev.PID
		if key == "" {
			key, p.remote.keySource = dev.AdminKey, p.remote.file
		}
		if config.HTTPClient, err = trusting(dev.CAFile, filepath.Dir(p.remote.file)); err != nil {
			return nil, err
		}
	}
	switch {
	case config.URL == "":
		return nil, withHint(fmt.Errorf("no server is named and %s does not exist", p.devFile()), noServerHint)
	case key == "":
		return nil, withHint(fmt.Errorf("there is no key for %s", config.URL),
			"pass one with --key @FILE or set LATCHKEY_KEY")
	}
	config.Key, p.remote.http = key, config.HTTPClient
	return client.New(config)
}

// key reads --key or LATCHKEY_KEY; "" when neither is given.
func (p *program) key() (string, error) {
	if p.remote.key == "" {
		p.remote.keySource = "LATCHKEY_KEY"
		return p.Getenv("LATCHKEY_KEY"), nil
	}
	p.remote.keySource = "--key"
	if p.remote.key != "-" && !strings.HasPrefix(p.remote.key, "@") {
		p.warn("--key on the command line shows in the process list and the shell's history; --key @FILE does not")
		return p.remote.key, nil
	}
	return p.value("--key", p.remote.key)
}

func (p *program) flagOrEnv(flag, name string) string {
	if flag != "" {
		return flag
	}
	return p.Getenv(name)
}

// dataDirectory gives --data, LATCHKEY_DATA or the default.
func (p *program) dataDirectory() string {
	if data := p.flagOrEnv(p.remote.data, "LATCHKEY_DATA"); data != "" {
		return data
	}
	return defaultData
}

func (p *program) devFile() string { return filepath.Join(p.dataDirectory(), "dev.json") }

// dev reads dev.json; the zero value when there is none.
func (p *program) dev() (ready, error) {
	var out ready
	text, err := os.ReadFile(p.devFile())
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("reading the dev server's address: %w", err)
	}
	if err := json.Unmarshal(text, &out); err != nil || out.URL == "" {
		return ready{}, fmt.Errorf("%s does not hold a server's address", p.devFile())
	}
	return out, nil
}

// trusting gives an HTTP client that trusts a dev server's own authority too; nil when there is none.
func trusting(file, directory string) (*http.Client, error) {
	if file == "" {
		return nil, nil
	}
	if !filepath.IsAbs(file) {
		if _, err := os.Stat(file); err != nil {
			file = filepath.Join(directory, file)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the dev server's authority: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: transport, Timeout: time.Minute}, nil
}

// explainUnreachable says more about a server that does not answer.
func (p *program) explainUnreachable(err error) error {
	unreachable, ok := errors.AsType[*client.UnreachableError](err)
	if !ok {
		return err
	}
	if p.remote.file == "" {
		return withHint(err, "is the server running, and its URL right? --server and LATCHKEY_URL set it")
	}
	gone := fmt.Errorf("the server of %s does not answer at %s: %w", p.remote.file, unreachable.URL, unreachable.Err)
	return withHint(gone, noServerHint)
}
