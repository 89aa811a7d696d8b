package connector

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Settings is the instance's file of what Campaign's own files have no place for: pipelined-<instance>.yaml.
type Settings struct {
	// Connectors are by the jsConnector of routes; "" is what is built in.
	Connectors map[string]Entry `yaml:"connectors"`
	// Metascopes and Scopes are asked of IMS; the usual ones when empty.
	Metascopes []string `yaml:"metascopes"`
	Scopes     []string `yaml:"scopes"`
	// Reset is where a consumer that the broker does not know begins: earliest or latest.
	Reset string `yaml:"reset"`
	// Server is Latchkey's, to which the daemon tells which credential it runs with.
	Server *Server `yaml:"server"`
}

// Server is a Latchkey server and the key for it.
type Server struct {
	URL string `yaml:"url"`
	Key string `yaml:"key"`
}

// Entry is one connector, of exactly one kind.
type Entry struct {
	HTTP  *HTTP  `yaml:"http"`
	File  *File  `yaml:"file"`
	SQL   *SQL   `yaml:"sql"`
	Exec  *Exec  `yaml:"exec"`
	Kafka *Kafka `yaml:"kafka"`
	NATS  *NATS  `yaml:"nats"`
}

// HTTP posts triggers.
type HTTP struct {
	URL string `yaml:"url"`
	// Secret signs as Standard Webhooks has it (whsec_…), ClientSecret as I/O Events did (x-adobe-signature).
	Secret       Secret `yaml:"secret"`
	ClientSecret Secret `yaml:"client_secret"`
	Format       Format `yaml:"format"`
	// Batch is how many go together at most, as an array; 0 posts each one as an object.
	Batch int `yaml:"batch"`
	// Timeout bounds an attempt; 0 is ten seconds.
	Timeout time.Duration `yaml:"timeout"`
	// Challenge is [Ask], [Require] or [Skip]; "" is Ask. ValidationURL is where the receiver's owner reaches
	// /pipelined/validate of the daemon; "" is the address of its status.
	Challenge     string `yaml:"challenge"`
	ValidationURL string `yaml:"validation_url"`
}

// File appends each trigger as a line.
type File struct {
	Path   string `yaml:"path"`
	Format Format `yaml:"format"`
}

// SQL inserts each trigger into the table pipelineEvent.
type SQL struct {
	// Database is sqlite:PATH or postgres://…; "@FILE" reads it.
	Database string `yaml:"database"`
	Table    string `yaml:"table"`
	// Key is the enrichment's dimension that becomes shopper_id, as "eVar3".
	Key string `yaml:"key"`
}

// Exec runs a program for each trigger.
type Exec struct {
	Command []string `yaml:"command"`
	Format  Format   `yaml:"format"`
}

// Kafka produces each trigger to a topic.
type Kafka struct {
	Brokers []string `yaml:"brokers"`
	Topic   string   `yaml:"topic"`
	TLS     bool     `yaml:"tls"`
	// CAFile holds further authorities that TLS trusts.
	CAFile string `yaml:"ca_file"`
	SASL   *SASL  `yaml:"sasl"`
	Format Format `yaml:"format"`
}

// SASL is how the brokers know who produces.
type SASL struct {
	// Mechanism is plain, scram-sha-256, scram-sha-512 or oauthbearer.
	Mechanism string `yaml:"mechanism"`
	User      string `yaml:"user"`
	Password  Secret `yaml:"password"`
	// Token is read anew at each authentication. Connection is one of the Latchkey that `server` names, whose token is
	// asked for instead.
	Token      Secret `yaml:"token"`
	Connection string `yaml:"connection"`
}

// NATS publishes each trigger to a subject.
type NATS struct {
	URL     string `yaml:"url"`
	Subject string `yaml:"subject"`
	// Core publishes without JetStream: the server has it then, and nobody else needs to.
	Core   bool   `yaml:"core"`
	Format Format `yaml:"format"`
}

// maxSettings bounds the file.
const maxSettings = 1 << 20

// ReadSettings reads the file; one that is not there is empty settings. Secrets that it names as @FILE are read.
func ReadSettings(path string) (Settings, error) {
	var s Settings
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reading the daemon's settings: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSettings))
	if err != nil {
		return s, fmt.Errorf("reading the daemon's settings: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField()).Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("reading the daemon's settings %s: %w", path, err)
	}
	return s, s.check(path)
}

func (s *Settings) check(path string) error {
	if s.Reset != "" && s.Reset != "earliest" && s.Reset != "latest" {
		return fmt.Errorf("%s: reset is earliest or latest, not %q", path, s.Reset)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Connectors)) {
		entry := s.Connectors[name]
		if err := entry.complete(filepath.Dir(path)); err != nil {
			return fmt.Errorf("%s: connectors: %q: %w", path, name, err)
		}
		s.Connectors[name] = entry
	}
	if s.Server != nil {
		key, err := outside(filepath.Dir(path), s.Server.Key)
		if err != nil {
			return fmt.Errorf("%s: server: key: %w", path, err)
		}
		s.Server.Key = key
	}
	return nil
}

// complete checks an entry and reads what it names.
func (e *Entry) complete(dir string) (err error) {
	kinds := 0
	for _, given := range []bool{e.HTTP != nil, e.File != nil, e.SQL != nil, e.Exec != nil, e.Kafka != nil, e.NATS != nil} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		return errors.New("give exactly one of http, file, sql, exec, kafka, nats")
	}
	format := Format("")
	switch {
	case e.HTTP != nil:
		format, err = e.HTTP.Format, e.HTTP.complete(dir)
	case e.File != nil:
		format, err = e.File.Format, needed("path", e.File.Path)
	case e.SQL != nil:
		if e.SQL.Database, err = outside(dir, e.SQL.Database); err == nil {
			err = needed("database", e.SQL.Database)
		}
	case e.Exec != nil:
		format, err = e.Exec.Format, needed("command", strings.Join(e.Exec.Command, " "))
	case e.Kafka != nil:
		format, err = e.Kafka.Format, e.Kafka.complete(dir)
	case e.NATS != nil:
		format, err = e.NATS.Format, errors.Join(needed("url", e.NATS.URL), needed("subject", e.NATS.Subject))
	}
	if err == nil && format != "" && format != JSON && format != XML {
		err = fmt.Errorf("format is json or xml, not %q", format)
	}
	return err
}

func needed(name, value string) error {
	if value == "" {
		return fmt.Errorf("%s is missing", name)
	}
	return nil
}
