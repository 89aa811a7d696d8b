package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"net/smtp"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/secret"
)

// Security is how the connection to the server is secured.
type Security string

// The ways.
const (
	// STARTTLS: TLS is asked for on a plain connection, and nothing is sent without it (RFC 3207). The default.
	STARTTLS Security = "starttls"
	// Implicit: TLS from the first byte (RFC 8314 §3).
	Implicit Security = "implicit"
	// Plain: none, for a server on this machine or a network that is trusted.
	Plain Security = "none"
)

// SMTP is a server and what to send through it.
type SMTP struct {
	// Host and Port are the server's; port 0 means 587, or 465 with implicit TLS.
	Host     string
	Port     int
	Security Security
	// Username may be empty: some servers know who asks by the address. A password is never sent without TLS.
	Username string
	Password secret.String
	// From and To are addresses, with or without names.
	From string
	To   []string
	// Roots verify the server's certificate; nil means the system's.
	Roots *x509.CertPool
}

// sendLimit bounds one conversation with the server.
const sendLimit = time.Minute

// Check refuses what could not be sent with.
func (s SMTP) Check() error {
	if _, err := netmail.ParseAddress(s.From); err != nil {
		return fmt.Errorf("%q is not a sender's address", s.From)
	}
	for _, to := range s.To {
		if _, err := netmail.ParseAddress(to); err != nil {
			return fmt.Errorf("%q is not a recipient's address", to)
		}
	}
	if !slices.Contains([]Security{"", STARTTLS, Implicit, Plain}, s.Security) {
		return fmt.Errorf("%q is not one of starttls, implicit, none", s.Security)
	}
	return nil
}

// Send hands a message to the server. It succeeds when the server has taken it for one recipient or more; refused are
// those for whom it has not.
func (s SMTP) Send(ctx context.Context, m Message) (refused []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	client, closing, err := s.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("reaching the mail server %s: %w", s.Host, err)
	}
	defer closing()
	if err := s.greet(client); err != nil {
		return nil, fmt.Errorf("greeting the mail server %s: %w", s.Host, err)
	}
	from, _ := netmail.ParseAddress(s.From) // Check has
	if err := client.Mail(from.Address); err != nil {
		return nil, fmt.Errorf("sending from %s: %w", from.Address, err)
	}
	var last error
	for _, to := range s.To {
		address, _ := netmail.ParseAddress(to)
		if err := client.Rcpt(address.Address); err != nil {
			refused, last = append(refused, address.Address), err
		}
	}
	if len(refused) == len(s.To) {
		return refused, fmt.Errorf("the mail server refuses every recipient: %w", last)
	}
	if err := s.write(client, from, m); err != nil {
		return refused, fmt.Errorf("sending a mail: %w", err)
	}
	_ = client.Quit() // it has the mail
	return refused, nil
}

func (s SMTP) connect(ctx context.Context) (*smtp.Client, func(), error) {
	port := s.Port
	if port == 0 {
		port = map[Security]int{Implicit: 465}[s.Security]
	}
	if port == 0 {
		port = 587
	}
	address := net.JoinHostPort(s.Host, strconv.Itoa(port))
	var conn net.Conn
	var err error
	if s.Security == Implicit {
		conn, err = (&tls.Dialer{Config: s.tls()}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return nil, nil, err
	}
	end, _ := ctx.Deadline()
	_ = conn.SetDeadline(end)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	closing := func() { stop(); _ = conn.Close() }
	client, err := smtp.NewClient(conn, s.Host)
	if err != nil {
		closing()
		return nil, nil, err
	}
	return client, closing, nil
}

func (s SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

// greet says hello, secures the connection and signs in.
func (s SMTP) greet(client *smtp.Client) error {
	if err := client.Hello("localhost"); err != nil { // a name of ours that is always there tells nothing of the inside
		return err
	}
	if s.Security == STARTTLS || s.Security == "" {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return errors.New("it offers no STARTTLS; set mail.tls to implicit, or to none where the network is trusted")
		}
		if err := client.StartTLS(s.tls()); err != nil {
			return fmt.Errorf("securing the connection: %w", err)
		}
	}
	if s.Username == "" {
		return nil
	}
	ok, offered := client.Extension("AUTH")
	var auth smtp.Auth
	switch words := strings.Fields(offered); {
	case !ok:
		return errors.New("it offers no way to sign in; leave mail.username out")
	case slices.Contains(words, "PLAIN"):
		auth = smtp.PlainAuth("", s.Username, s.Password.Reveal(), s.Host)
	case slices.Contains(words, "LOGIN"):
		auth = &loginAuth{s}
	default:
		return fmt.Errorf("it offers none of PLAIN and LOGIN to sign in, but %s", offered)
	}
	if err := client.Auth(auth); err != nil {
		return fmt.Errorf("signing in as %s: %w", s.Username, err)
	}
	return nil
}

// loginAuth is the way of servers that know no PLAIN.
type loginAuth struct{ SMTP }

// Start begins, over TLS alone.
func (a *loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, errors.New("a password is not sent without TLS")
	}
	return "LOGIN", nil, nil
}

// Next answers what the server asks for.
func (a *loginAuth) Next(asked []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if strings.HasPrefix(strings.ToLower(string(asked)), "user") {
		return []byte(a.Username), nil
	}
	return []byte(a.Password.Reveal()), nil
}

// write sends header and body (RFC 5322, RFC 2045).
func (s SMTP) write(client *smtp.Client, from *netmail.Address, m Message) error {
	var to []string
	for _, one := range s.To {
		address, _ := netmail.ParseAddress(one)
		to = append(to, address.String())
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	var text bytes.Buffer
	for _, line := range [][2]string{
		{"From", from.String()}, {"To", strings.Join(to, ", ")}, {"Subject", mime.QEncoding.Encode("utf-8", oneLine(m.Subject))},
		{"Date", m.At.Format(time.RFC1123Z)}, {"Message-ID", "<" + m.ID + "@" + domain + ">"}, {"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"}, {"Auto-Submitted", "auto-generated"},
	} {
		text.WriteString(line[0] + ": " + line[1] + "\r\n")
	}
	text.WriteString("\r\n")
	body := quotedprintable.NewWriter(&text)
	if _, err := body.Write([]byte(m.Body)); err != nil {
		return err
	}
	if err := body.Close(); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	return w.Close()
}

// oneLine keeps a subject from becoming further lines of the header.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
