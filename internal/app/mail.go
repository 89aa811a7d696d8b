package app

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"latchkey/internal/event"
	"latchkey/internal/mail"
	"latchkey/internal/secret"
)

// MailConfig says how people are told of what they must act on.
type MailConfig struct {
	Host     string
	Port     int
	TLS      string
	Username string
	Password secret.String
	From     string
	To       []string
	Interval time.Duration
	DigestAt string
}

func mailSettings() []setting {
	return []setting{
		text("mail.host", "", "SMTP server that mail for people goes through; without it, none is sent.", func(c *Config) *string { return &c.Mail.Host }),
		number("mail.port", "", "Its port; without it 587, or 465 with implicit TLS.", func(c *Config) *int { return &c.Mail.Port }),
		text("mail.tls", "starttls", "starttls, implicit, or none for a server on a network that is trusted.", func(c *Config) *string { return &c.Mail.TLS }),
		text("mail.username", "", "Who signs in there; without it, nobody does.", func(c *Config) *string { return &c.Mail.Username }),
		hidden("mail.password", "The password, or @FILE that holds it. It is never shown.", func(c *Config) *secret.String { return &c.Mail.Password }),
		text("mail.from", "", "The sender's address, such as Latchkey <latchkey@example.com>.", func(c *Config) *string { return &c.Mail.From }),
		list("mail.to", "The recipients' addresses.", func(c *Config) *[]string { return &c.Mail.To }),
		duration("mail.interval", "15m", "Least time between two mails that tell what just happened.", func(c *Config) *time.Duration { return &c.Mail.Interval }),
		text("mail.digest_at", "07:00", "When the daily digest goes out, in UTC, or never.", func(c *Config) *string { return &c.Mail.DigestAt }),
	}
}

// hidden is a secret that is given as it is, or as @FILE.
func hidden(name, doc string, at func(*Config) *secret.String) setting {
	return setting{name: name, doc: doc,
		set: func(c *Config, v []string) error {
			value := strings.Join(v, " ")
			if path, ok := strings.CutPrefix(value, "@"); ok {
				content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
				if err != nil {
					return err
				}
				value = strings.TrimRight(string(content), "\r\n")
			}
			*at(c) = secret.New(value)
			return nil
		},
		show: func(c *Config) string {
			if at(c).Empty() {
				return ""
			}
			return secret.Redacted
		}}
}

// never is the digest's hour of those who want none.
const never = "never"

// digestAt gives the hour since midnight; negative for never.
func (m MailConfig) digestAt() (time.Duration, error) {
	if m.DigestAt == never {
		return -1, nil
	}
	at, err := time.Parse("15:04", m.DigestAt)
	if err != nil {
		return 0, fmt.Errorf("%q is not an hour of the day", m.DigestAt)
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

func (m MailConfig) smtp(roots *x509.CertPool) mail.SMTP {
	return mail.SMTP{
		Host: m.Host, Port: m.Port, Security: mail.Security(m.TLS), Username: m.Username, Password: m.Password,
		From: m.From, To: m.To, Roots: roots,
	}
}

// mail refuses what no mail could be sent with. Without a server nothing is asked of the rest.
func (c *checks) mail() {
	if c.Mail.Host == "" {
		if len(c.Mail.To) > 0 {
			c.add("mail.host", "is missing, so that nobody in mail.to gets anything", "name the SMTP server, or leave mail.to out")
		}
		return
	}
	if len(c.Mail.To) == 0 {
		c.add("mail.to", "is missing: mail needs a recipient", "list the addresses of those who act on what is told")
	}
	if err := c.Mail.smtp(nil).Check(); err != nil {
		c.add("mail", err.Error(), "addresses are written as latchkey@example.com or Latchkey <latchkey@example.com>")
	}
	if c.Mail.Username != "" && mail.Security(c.Mail.TLS) == mail.Plain && !loopback(c.Mail.Host) {
		c.add("mail.tls", "the password would travel in the clear", "use starttls or implicit")
	}
	if _, err := c.Mail.digestAt(); err != nil {
		c.add("mail.digest_at", err.Error(), "write it as 07:00, or never")
	}
}

// mailable says which events are told by mail; nil without a server.
func (c *Config) mailable() func(event.Event) bool {
	if c.Mail.Host == "" {
		return nil
	}
	return mail.Acted
}

// openMail makes what tells people, where a server is configured.
func (h *house) openMail() error {
	if h.config.Mail.Host == "" {
		return nil
	}
	at, err := h.config.Mail.digestAt()
	if err != nil {
		return err
	}
	roots, err := h.mailRoots()
	if err != nil {
		return err
	}
	h.post, err = mail.New(mail.Config{
		Store: h.store.Mails(), Sender: h.config.Mail.smtp(roots), Clock: h.clock, Log: h.log, Meter: h.metrics.Meter("mail"),
		PublicURL: cmp.Or(h.publicURLs...), Interval: h.config.Mail.Interval, DigestAt: at,
	})
	return err
}

// mailRoots gives the system's authorities and those of egress.ca_files; nil is the system's alone.
func (h *house) mailRoots() (*x509.CertPool, error) {
	further, err := h.config.egressRoots()
	if err != nil || len(further) == 0 {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("reading the system's certificates: %w", err)
	}
	pool.AppendCertsFromPEM(further)
	return pool, nil
}
