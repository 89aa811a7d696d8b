package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"latchkey/internal/secret"
)

// Secret is a secret of the settings: as it stands there, or "@FILE" or "env:NAME" for where it is.
type Secret struct {
	secret.String
	at string // the file, when it is in one
}

// UnmarshalYAML takes the text.
func (s *Secret) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	s.String = secret.New(text)
	return nil
}

// read reads a secret that is somewhere else.
func (s *Secret) read(dir string) error {
	name, isFile := strings.CutPrefix(s.Reveal(), "@")
	text, err := outside(dir, s.Reveal())
	if err != nil {
		return err
	}
	if isFile {
		s.at = beside(dir, name)
	}
	s.String = secret.New(text)
	return nil
}

// now gives the secret as its file has it now.
func (s Secret) now() (secret.String, error) {
	if s.at == "" {
		return s.String, nil
	}
	text, err := os.ReadFile(s.at)
	return secret.New(strings.TrimSpace(string(text))), err
}

// outside reads what a value "@FILE" or "env:NAME" stands for.
func outside(dir, value string) (string, error) {
	if name, ok := strings.CutPrefix(value, "env:"); ok {
		text, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("the environment has no %s", name)
		}
		return text, nil
	}
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, nil
	}
	text, err := os.ReadFile(beside(dir, name))
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}

func beside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// longestTimeout is what I/O Events gives the slowest of its receivers.
const longestTimeout = time.Minute

func (h *HTTP) complete(dir string) error {
	if err := errors.Join(needed("url", h.URL), h.Secret.read(dir), h.ClientSecret.read(dir)); err != nil {
		return err
	}
	switch {
	case h.Batch < 0 || h.Batch > MostTogether:
		return fmt.Errorf("batch is 1 to %d, or left out, not %d", MostTogether, h.Batch)
	case h.Batch > 0 && h.Format == XML:
		return errors.New("batch sends arrays of JSON; leave out format: xml, or batch")
	case h.Timeout < 0 || h.Timeout > longestTimeout:
		return fmt.Errorf("timeout is %s at most, not %s", longestTimeout, h.Timeout)
	case h.Challenge != "" && h.Challenge != Ask && h.Challenge != Require && h.Challenge != Skip:
		return fmt.Errorf("challenge is ask, require or skip, not %q", h.Challenge)
	}
	if at, err := url.Parse(h.ValidationURL); err != nil || h.ValidationURL != "" && (at.Host == "" || at.RawQuery != "") {
		return fmt.Errorf("validation_url: %q is no address without a query", h.ValidationURL)
	}
	return nil
}

func (k *Kafka) complete(dir string) error {
	if err := errors.Join(needed("brokers", strings.Join(k.Brokers, ",")), needed("topic", k.Topic)); err != nil {
		return err
	}
	if k.CAFile != "" {
		if !k.TLS {
			return errors.New("ca_file is for tls: true")
		}
		k.CAFile = beside(dir, k.CAFile)
	}
	if k.SASL == nil {
		return nil
	}
	if err := k.SASL.complete(dir); err != nil {
		return fmt.Errorf("sasl: %w", err)
	}
	return nil
}

func (s *SASL) complete(dir string) error {
	if err := errors.Join(s.Password.read(dir), s.Token.read(dir)); err != nil {
		return err
	}
	switch s.Mechanism = strings.ToLower(s.Mechanism); s.Mechanism {
	case saslPlain, saslSHA256, saslSHA512:
		return errors.Join(needed("user", s.User), needed("password", s.Password.Reveal()))
	case saslOAuth:
		if s.Token.Empty() == (s.Connection == "") {
			return errors.New("oauthbearer takes a token or a connection")
		}
		return nil
	}
	return fmt.Errorf("mechanism is %s, %s, %s or %s, not %q", saslPlain, saslSHA256, saslSHA512, saslOAuth, s.Mechanism)
}

// Together tells how many triggers the connector takes at once.
func (e Entry) Together() int {
	switch {
	case e.HTTP != nil:
		return max(e.HTTP.Batch, 1)
	case e.File != nil, e.SQL != nil, e.Kafka != nil:
		return MostTogether
	}
	return 1
}

// Key is the same for entries that say the same, their secrets too, and shows none of those.
func (e Entry) Key() string {
	text, _ := json.Marshal(e) // texts, numbers and lists of them; secrets are hidden
	sum := sha256.New()
	_, _ = sum.Write(text) // never fails, hash.Hash
	for _, s := range e.secrets() {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(s.Reveal()), s.Reveal())
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (e Entry) secrets() []Secret {
	switch {
	case e.HTTP != nil:
		return []Secret{e.HTTP.Secret, e.HTTP.ClientSecret}
	case e.Kafka != nil && e.Kafka.SASL != nil:
		return []Secret{e.Kafka.SASL.Password, e.Kafka.SASL.Token}
	}
	return nil
}
