package app

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/ident"
	"latchkey/internal/store"
)

// checks gathers what is wrong with a configuration.
type checks struct {
	*Config
	problems []error
}

func (c *checks) add(setting, problem, fix string) {
	c.problems = append(c.problems, &ConfigError{Setting: setting, Where: c.where(setting), Problem: problem, Fix: fix})
}

// check refuses what production can't start with. It says all that it finds.
func (c *Config) check() error {
	found := &checks{Config: c}
	found.listener()
	found.public()
	found.sealing()
	found.database()
	found.outgoing()
	found.events()
	found.mail()
	found.openID()
	found.log()
	found.registration()
	found.pipeline()
	return errors.Join(found.problems...)
}

func (c *checks) listener() {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		c.add("listen", fmt.Sprintf("%q is not an address and a port", c.Listen), "write host:port, such as 0.0.0.0:8377")
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		c.add("tls.cert_file", "the certificate and its key come together", "set both tls.cert_file and tls.key_file")
	}
	for _, cidr := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			c.add("trusted_proxies", fmt.Sprintf("%q is not a network", cidr), "write it as a CIDR, such as 10.0.0.0/8 or 10.0.0.1/32")
		}
	}
	if c.TLSCertFile == "" && len(c.TrustedProxies) == 0 && !loopback(c.Listen) {
		c.add("tls.cert_file", "tokens would travel in the clear on "+c.Listen,
			"give tls.cert_file and tls.key_file, or name the proxies that end TLS in trusted_proxies, or listen on 127.0.0.1")
	}
}

// public checks the addresses that browsers use. An authorization code must not cross a network in the clear.
func (c *checks) public() {
	if c.PublicURL == "" {
		c.add("public_url", "is missing: providers send browsers back to it",
			"set the address that browsers reach Latchkey by, such as https://latchkey.example.com")
	} else {
		c.base("public_url", c.PublicURL)
		if u, err := url.Parse(c.PublicURL); err == nil && strings.Trim(u.Path, "/") != "" { // RFC 8414 §3.1 would have discovery elsewhere
			c.add("public_url", fmt.Sprintf("%s has a path", c.PublicURL), "give Latchkey a host, or a port, of its own: its pages, /ims and /.well-known are at the root")
		}
	}
	for _, base := range c.CallbackURLs {
		c.base("callback_urls", base)
	}
	for _, origin := range c.ReturnURLs {
		if u, err := url.Parse(origin); err != nil || u.Host == "" || !overHTTP(u) {
			c.add("return_urls", fmt.Sprintf("%q is not an origin", origin), "write scheme and host, such as https://app.example.com")
		}
	}
	if c.OrganizationID != "" {
		if err := ident.CheckIMSOrg(c.OrganizationID); err != nil {
			c.add("organization.id", err.Error(), "copy it from the Admin Console, or leave it out: setup makes one")
		}
	}
}

func (c *checks) base(setting, base string) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || !overHTTP(u):
		c.add(setting, fmt.Sprintf("%q is not a base URL", base), "write scheme and host, such as https://latchkey.example.com")
	case u.Scheme == "http" && !loopback(u.Host):
		c.add(setting, fmt.Sprintf("%s is plain http", base), "use https: an authorization code must not cross a network in the clear")
	}
}

func overHTTP(u *url.URL) bool { return u.Scheme == "https" || u.Scheme == "http" }

func (c *checks) sealing() {
	if c.Root != "" && c.RootKeyFile != "" {
		c.add("seal.root_key_file", "is beside seal.root", "name the root key once: leave seal.root_key_file out")
	}
	if c.Root == "" && c.RootKeyFile == "" {
		c.add("seal.root_key_file", "is missing: secrets at rest need a sealing key",
			`name a file outside the data directory, then run "latchkey setup --config FILE", which makes it; seal.root takes a passphrase or Vault, too`)
	}
}

func (c *checks) database() {
	if c.DatabaseURL.Empty() {
		return
	}
	if err := store.CheckURL(c.DatabaseURL); err != nil {
		c.add("database.url", err.Error(), "write postgres://user:password@host:5432/database, or leave it out for SQLite")
	}
}

// outgoing lets egress judge each of its settings by itself, so that the error can name it.
func (c *checks) outgoing() {
	for setting, config := range map[string]egress.Config{
		"egress.allow": {Allow: c.EgressAllow}, "egress.proxy": {Proxy: c.EgressProxy},
	} {
		client, err := egress.New(config)
		if err != nil {
			c.add(setting, err.Error(), "")
			continue
		}
		client.Close()
	}
	if _, err := c.egressRoots(); err != nil {
		c.problems = append(c.problems, err)
	}
}

// egressRoots reads the further authorities. Each file holds one: a file that gives nothing is a mistake.
func (c *Config) egressRoots() ([]byte, error) {
	var roots []byte
	for _, path := range c.EgressCAFiles {
		text, err := os.ReadFile(path)
		if err == nil && !x509.NewCertPool().AppendCertsFromPEM(text) {
			err = fmt.Errorf("%s holds no certificate in PEM form", path)
		}
		if err != nil {
			return nil, &ConfigError{Setting: "egress.ca_files", Where: c.where("egress.ca_files"), Problem: err.Error()}
		}
		roots = append(append(roots, text...), '\n')
	}
	return roots, nil
}

// events keeps them for as long as they may be on their way.
func (c *checks) events() {
	if c.EventRetention < 72*time.Hour {
		c.add("events.retention", fmt.Sprintf("%s is shorter than 72h: an event may be on its way for more than a day", c.EventRetention), "write 72h or more")
	}
}

func (c *checks) log() {
	if err := new(slog.Level).UnmarshalText([]byte(cmp.Or(c.LogLevel, "info"))); err != nil {
		c.add("log.level", fmt.Sprintf("%q is not a level", c.LogLevel), "use debug, info, warn or error")
	}
	if formats := []string{"auto", "text", "json"}; !slices.Contains(formats, c.LogFormat) {
		c.add("log.format", fmt.Sprintf("%q is not a format", c.LogFormat), "use "+strings.Join(formats, ", "))
	}
}

// loopback tells whether an address (host, or host:port) is this machine's own.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.TrimRight(address, "/")
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
