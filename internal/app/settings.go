package app

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"latchkey/internal/audit"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/suggest"
)

// setting is one row of the configuration: a name in the file, a variable in the environment, a meaning.
type setting struct {
	name     string
	fallback string
	list     bool
	doc      string
	set      func(*Config, []string) error
	show     func(*Config) string
	// grow reads a setting that has settings of its own from the file; nil for all but those.
	grow func(c *Config, path, name string, node ast.Node) error
}

// environment gives the variable that overrides the file: LATCHKEY_SECTION_KEY.
func (s setting) environment() string {
	return "LATCHKEY_" + strings.ToUpper(strings.ReplaceAll(s.name, ".", "_"))
}

// settings lists all that can be set, in the order of the documentation.
func settings() []setting {
	return append([]setting{
		text("listen", "127.0.0.1:8377", "Address and port of the listener.", func(c *Config) *string { return &c.Listen }),
		text("public_url", "", "The address by which browsers reach Latchkey. Required in production; the first callback URL is made of it.", func(c *Config) *string { return &c.PublicURL }),
		list("callback_urls", "Further public base URLs whose callback path is served, such as regional host names.", func(c *Config) *[]string { return &c.CallbackURLs }),
		text("data", ".latchkey", "Data directory: the database when it is SQLite, keys, dev.json. Each node has its own.", func(c *Config) *string { return &c.Data }),
		address("database.url", "PostgreSQL database, postgres://user:password@host:5432/database?sslmode=verify-full; without it, SQLite in the data directory. All nodes name the same. Its password is never shown.", func(c *Config) *secret.String { return &c.DatabaseURL }),
		text("log.level", "info", "debug, info, warn or error.", func(c *Config) *string { return &c.LogLevel }),
		text("log.format", "auto", "text, json, or auto: text on a terminal, JSON otherwise.", func(c *Config) *string { return &c.LogFormat }),
		text("tls.cert_file", "", "PEM certificate chain of the listener.", func(c *Config) *string { return &c.TLSCertFile }),
		text("tls.key_file", "", "PEM private key of that certificate.", func(c *Config) *string { return &c.TLSKeyFile }),
		list("trusted_proxies", "Networks (CIDR) of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.", func(c *Config) *[]string { return &c.TrustedProxies }),
		rootKey("seal.root", "Root key that wraps every organization's data key; see below. Required in production.", func(c *Config) *string { return &c.Root }),
		text("seal.root_key_file", "", "File of the root key; the same as `seal.root` with a file.", func(c *Config) *string { return &c.RootKeyFile }),
		rootKey("seal.previous_root", "Root key to rotate away from, while that goes on; see [the guide](../guide/rotate-the-root-key.md).", func(c *Config) *string { return &c.PreviousRoot }),
		list("egress.allow", "Private hosts, addresses or networks that token requests may reach all the same.", func(c *Config) *[]string { return &c.EgressAllow }),
		hidingPassword(text("egress.proxy", "", "HTTP proxy for all outgoing calls.", func(c *Config) *string { return &c.EgressProxy })),
		list("egress.ca_files", "PEM files of further certificate authorities to trust.", func(c *Config) *[]string { return &c.EgressCAFiles }),
		duration("egress.timeout", "30s", "Longest time for one outgoing call.", func(c *Config) *time.Duration { return &c.EgressTimeout }),
		list("return_urls", "Origins to which a browser may be sent back after a consent.", func(c *Config) *[]string { return &c.ReturnURLs }),
		text("organization.id", "", "IMS organization id, made at the first start when absent.", func(c *Config) *string { return &c.OrganizationID }),
		text("organization.name", "Latchkey", "The organization's name.", func(c *Config) *string { return &c.Organization }),
		number("refresh.workers", "256", "How many refreshes may run, or wait for their providers, at once.", func(c *Config) *int { return &c.RefreshWorkers }),
		duration("refresh.default_life", "1h", "Life assumed for a token whose provider states none.", func(c *Config) *time.Duration { return &c.DefaultLife }),
		number("proxy.concurrency", "512", "How many calls of one connection may be under way through the proxy, on each node.", func(c *Config) *int { return &c.ProxyCalls }),
		number("proxy.replay", "262144", "How large the body of a call may be, in bytes, that is kept until the answer, to be sent again where the service refuses the token.", func(c *Config) *int { return &c.ProxyReplay }),
		duration("events.retention", "720h", "How long events and the logs of their deliveries are kept, 72h at least.", func(c *Config) *time.Duration { return &c.EventRetention }),
		lasting("seal.root_key_life", "How long a root key is to be used, in days as 400d: the calendar warns before that. Without it a root key does not end.", func(c *Config) *time.Duration { return &c.RootKeyLife }),
		number("providers.concurrency", "64", "How many token requests to one provider may be under way, on each node.", func(c *Config) *int { return &c.Providers.Concurrency }),
		rate("providers.rate", "200", "How many token requests to one provider may begin in a second, on each node; a fifth of it at once.", func(c *Config) *float64 { return &c.Providers.Rate }),
		providerHosts("providers.hosts", "Other caps for single providers: in the file `host: {rate: 20, concurrency: 8}`, in the variable `host=20/8`."),
		duration("drain_timeout", "20s", "How long a stopping server waits for what is under way.", func(c *Config) *time.Duration { return &c.DrainTimeout }),
		readsMode("audit.reads", "batched", "How token reads are recorded: batched (a crash loses at most the last 100 ms of them), strict (each read waits until its record is durable) or off.", func(c *Config) *audit.Mode { return &c.AuditReads }),
		retention("audit.retention", "How long audit records are kept: forever, or days as 400d. What is older than a signed checkpoint of that age is let go.", func(c *Config) *time.Duration { return &c.AuditRetention }),
		duration("audit.checkpoint_every", "1h", "How often the audit record is signed, when there is news.", func(c *Config) *time.Duration { return &c.AuditCheckpointEvery }),
	}, slices.Concat(authoritySettings(), sessionSettings(), openIDSettings(), productSettings(), traceSettings(), mailSettings(), pipelineSettings())...)
}

func text(name, fallback, doc string, at func(*Config) *string) setting {
	return setting{name: name, fallback: fallback, doc: doc,
		set:  func(c *Config, v []string) error { *at(c) = strings.Join(v, " "); return nil },
		show: func(c *Config) string { return *at(c) }}
}

// rootKey is a root key's name, without what somebody may have hidden in it.
func rootKey(name, doc string, at func(*Config) *string) setting {
	s := text(name, "", doc, at)
	s.show = func(c *Config) string { return seal.ShowName(*at(c)) }
	return s
}

// address is a database's URL, whose password nothing shows.
func address(name, doc string, at func(*Config) *secret.String) setting {
	return setting{name: name, doc: doc,
		set: func(c *Config, v []string) error { *at(c) = secret.New(strings.Join(v, "")); return nil },
		show: func(c *Config) string {
			if at(c).Empty() {
				return ""
			}
			return store.RedactURL(*at(c))
		}}
}

// hidingPassword shows a URL without the password in it.
func hidingPassword(s setting) setting {
	show := s.show
	s.show = func(c *Config) string {
		u, err := url.Parse(show(c))
		if err != nil {
			return "not a URL"
		}
		return u.Redacted()
	}
	return s
}

func list(name, doc string, at func(*Config) *[]string) setting {
	return setting{name: name, list: true, doc: doc,
		set:  func(c *Config, v []string) error { *at(c) = v; return nil },
		show: func(c *Config) string { return strings.Join(*at(c), ", ") }}
}

func duration(name, fallback, doc string, at func(*Config) *time.Duration) setting {
	return setting{name: name, fallback: fallback, doc: doc, show: func(c *Config) string { return at(c).String() },
		set: func(c *Config, v []string) error {
			d, err := time.ParseDuration(strings.Join(v, ""))
			if err != nil || d <= 0 {
				return fmt.Errorf("%q is not a duration: write it as 30s, 5m or 1h", strings.Join(v, " "))
			}
			*at(c) = d
			return nil
		}}
}

func number(name, fallback, doc string, at func(*Config) *int) setting {
	return setting{name: name, fallback: fallback, doc: doc, show: func(c *Config) string { return strconv.Itoa(*at(c)) },
		set: func(c *Config, v []string) error {
			n, err := strconv.Atoi(strings.Join(v, ""))
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a whole number above 0", strings.Join(v, " "))
			}
			*at(c) = n
			return nil
		}}
}

// passwords finds those of URLs in a text.
var passwords = regexp.MustCompile(`(://[^\s/:@]*:)\S*@`)

// applyFile lays a YAML file over what is set.
func (c *Config) applyFile(path string, content []byte) error {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return fmt.Errorf("configuration %s: %s", path, passwords.ReplaceAllString(err.Error(), "${1}xxxxx@")) // it quotes lines
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if err := c.applyNode(path, "", doc.Body); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) applyNode(path, prefix string, node ast.Node) error {
	pairs, ok := mapping(node)
	if !ok {
		return &ConfigError{Setting: strings.TrimSuffix(prefix, "."), Where: place(path, node), Problem: "expected settings, as key: value"}
	}
	for _, pair := range pairs {
		name := prefix + pair.Key.String()
		if err := c.applyPair(path, name, pair); err != nil {
			return err
		}
	}
	return nil
}

// mapping gives the pairs of a mapping, none of what is empty; false for other things.
func mapping(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	case *ast.CommentGroupNode, *ast.NullNode:
		return nil, true
	}
	return nil, false
}

func (c *Config) applyPair(path, name string, pair *ast.MappingValueNode) error {
	where := place(path, pair.Key)
	for _, s := range settings() {
		if strings.HasPrefix(s.name, name+".") {
			return c.applyNode(path, name+".", pair.Value)
		}
		if s.name != name {
			continue
		}
		if s.grow != nil {
			c.sources[name] = source(where)
			return s.grow(c, path, name, pair.Value)
		}
		values, err := scalars(pair.Value, s.list)
		if err == nil {
			err = s.set(c, values)
		}
		if err != nil {
			return &ConfigError{Setting: name, Where: where, Problem: err.Error()}
		}
		c.sources[name] = source(where)
		return nil
	}
	names := make([]string, 0, len(settings()))
	for _, s := range settings() {
		names = append(names, s.name)
	}
	return &ConfigError{Setting: name, Where: where, Problem: "is not a setting", Fix: didYouMean(name, names)}
}

func place(path string, node ast.Node) string {
	if token := node.GetToken(); token != nil {
		return fmt.Sprintf("%s:%d:%d", path, token.Position.Line, token.Position.Column)
	}
	return path
}

func scalars(node ast.Node, isList bool) ([]string, error) {
	switch n := node.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.SequenceNode:
		if !isList {
			return nil, fmt.Errorf("expected one value, not a list")
		}
		var out []string
		for _, item := range n.Values {
			one, err := scalars(item, false)
			if err != nil {
				return nil, err
			}
			out = append(out, one...)
		}
		return out, nil
	case *ast.StringNode:
		return []string{n.Value}, nil
	case *ast.LiteralNode:
		return []string{n.Value.Value}, nil
	case ast.ScalarNode:
		return []string{fmt.Sprint(n.GetValue())}, nil
	}
	return nil, fmt.Errorf("expected a value")
}

func unknownVariable(name string) error {
	names := make([]string, 0, len(settings()))
	for _, s := range settings() {
		names = append(names, s.environment())
	}
	return &ConfigError{Setting: "$" + name, Problem: "is not a setting", Fix: didYouMean(name, names)}
}

// didYouMean names the closest of the names, or all of them when none is close.
func didYouMean(name string, names []string) string {
	if closest, ok := suggest.Closest(name, names); ok {
		return fmt.Sprintf("did you mean %s?", closest)
	}
	sort.Strings(names)
	return "the settings are " + strings.Join(names, ", ")
}
