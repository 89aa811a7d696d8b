package mail_test

import (
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"latchkey/internal/mail"
	"latchkey/internal/secret"
)

var message = mail.Message{
	ID: "mail_1", Subject: "Latchkey: 1 connection – müde\r\nBcc: x@example.com", At: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC),
	Body: "Zeile eins – mit Umlaut: ä\n.\nFrom the start, a line that is " + strings.Repeat("long ", 40) + "\n",
}

func (s *server) client(change func(*mail.SMTP)) mail.SMTP {
	c := mail.SMTP{
		Host: s.host, Port: s.port, Username: "ann", Password: secret.New("hunter2"), Roots: s.roots,
		From: "Latchkey <latchkey@example.com>", To: []string{"ops@example.com", "Ann Lee <ann@example.com>"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

// TestSend sends over each kind of connection, and reads the mail as a mail program would.
func TestSend(t *testing.T) {
	for name, c := range map[string]struct {
		server func(*server)
		client func(*mail.SMTP)
	}{
		"STARTTLS":         {nil, nil},
		"implicit TLS":     {func(s *server) { s.implicit = true }, func(c *mail.SMTP) { c.Security = mail.Implicit }},
		"LOGIN":            {func(s *server) { s.auth = "LOGIN" }, nil},
		"nobody signs in":  {func(s *server) { s.auth = "" }, func(c *mail.SMTP) { c.Username = "" }},
		"plain":            {func(s *server) { s.startTLS, s.auth = false, "" }, func(c *mail.SMTP) { c.Security, c.Username = mail.Plain, "" }},
		"one does not get": {func(s *server) { s.refuse = func(to string) bool { return to == "nobody@example.com" } }, func(c *mail.SMTP) { c.To = append(c.To, "nobody@example.com") }},
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, c.server)
			refused, err := s.client(c.client).Send(t.Context(), message)
			if err != nil || (len(refused) == 1) != (name == "one does not get") {
				t.Fatalf("Send() = %v, %v", refused, err)
			}
			if len(s.mails) != 1 || s.mails[0].from != "latchkey@example.com" || strings.Join(s.mails[0].to, " ") != "ops@example.com ann@example.com" {
				t.Fatalf("the server has %+v", s.mails)
			}
			if s.plain && name != "plain" {
				t.Error("something went without TLS")
			}
			read, err := netmail.ReadMessage(strings.NewReader(s.mails[0].text))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
			if err != nil || subject != "Latchkey: 1 connection – müde Bcc: x@example.com" || read.Header.Get("Bcc") != "" {
				t.Errorf("the subject is %q, %v", subject, err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
			if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != message.Body {
				t.Errorf("the body is %q, %v", body, err)
			}
			if id := read.Header.Get("Message-ID"); id != "<mail_1@example.com>" {
				t.Errorf("the id is %q", id)
			}
			for line := range strings.Lines(s.mails[0].text) {
				if len(line) > 998 {
					t.Errorf("a line has %d characters", len(line))
				}
			}
		})
	}
}

// TestSendFails holds what the operator is told, and that the password is never in it.
func TestSendFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		server func(*server)
		client func(*mail.SMTP)
		want   string
	}{
		{"no STARTTLS", func(s *server) { s.startTLS = false }, nil, "offers no STARTTLS; set mail.tls"},
		{"a certificate of nobody", nil, func(c *mail.SMTP) { c.Roots = nil }, "securing the connection"},
		{"wrong password", nil, func(c *mail.SMTP) { c.Password = secret.New("wrong-7731") }, "signing in as ann"},
		{"no way to sign in", func(s *server) { s.auth = "" }, nil, "leave mail.username out"},
		{"another way to sign in", func(s *server) { s.auth = "GSSAPI" }, nil, "none of PLAIN and LOGIN"},
		{"nobody gets it", func(s *server) { s.refuse = func(string) bool { return true } }, nil, "refuses every recipient"},
		{"not there", nil, func(c *mail.SMTP) { c.Port = 1 }, "reaching the mail server localhost"},
	} {
		s := listen(t, c.server)
		_, err := s.client(c.client).Send(t.Context(), message)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "7731") {
			t.Errorf("%s: Send() = %v, want %q", c.name, err, c.want)
		}
		if len(s.mails) > 0 {
			t.Errorf("%s: it was sent", c.name)
		}
	}
	// A password does not go over a connection that is plain.
	s := listen(t, func(s *server) { s.startTLS, s.auth = false, "LOGIN" })
	if _, err := s.client(func(c *mail.SMTP) { c.Security = mail.Plain }).Send(t.Context(), message); err == nil || len(s.signedIn) > 0 {
		t.Errorf("Send() without TLS = %v, signed in %v", err, s.signedIn)
	}
}
