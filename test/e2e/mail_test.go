package e2e_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/harness"
)

// mailServer takes every mail (RFC 5321), or none while it is busy.
type mailServer struct {
	net.Listener
	mu    sync.Mutex
	busy  bool
	tried int
	mails []string
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s := &mailServer{Listener: l}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wait.Wait()
	})
	return s
}

func (s *mailServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	say := func(line string) { _, _ = fmt.Fprintf(conn, "%s\r\n", line) }
	say("220 mail.example.com")
	in := bufio.NewScanner(conn)
	for in.Scan() {
		verb, _, _ := strings.Cut(in.Text(), " ")
		s.mu.Lock()
		busy := s.busy
		s.mu.Unlock()
		switch {
		case verb == "MAIL" && busy:
			s.mu.Lock()
			s.tried++
			s.mu.Unlock()
			say("451 later")
		case verb == "DATA":
			say("354 go on")
			var text strings.Builder
			for in.Scan() && in.Text() != "." {
				text.WriteString(in.Text() + "\n")
			}
			s.mu.Lock()
			s.mails = append(s.mails, text.String())
			s.mu.Unlock()
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *mailServer) count() (tried, taken int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tried, len(s.mails)
}

// What somebody must act on arrives by mail, although the mail server was busy and the process was killed meanwhile.
func TestMailOutlivesKilledServer(t *testing.T) {
	server := newMailServer(t)
	server.busy = true
	gone := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	defer gone.Close()
	host, port, _ := net.SplitHostPort(server.Addr().String())
	i := harness.Install(t,
		fmt.Sprintf("mail: {host: %s, port: %s, tls: none, from: latchkey@example.com, to: [ops@example.com], interval: 1s, digest_at: never}", host, port),
		fmt.Sprintf("egress: {allow: [%q], ca_files: [$DIR/receiver.pem]}", gone.Listener.Addr()))
	harness.WritePEM(t, filepath.Join(i.Dir, "receiver.pem"), "CERTIFICATE", gone.Certificate().Raw)
	i.Setup()
	s := i.Start()
	made := s.Must(http.StatusCreated, "POST", "/api/v1/webhooks", map[string]any{"url": gone.URL + "/hook?key=sup3r-s3cret"}).JSON(t)
	s.Must(http.StatusOK, "POST", "/api/v1/webhooks/"+made["id"].(string)+"/test", nil)
	eventually(t, 20*time.Second, "the mail was tried", func() bool { tried, _ := server.count(); return tried > 0 })
	s.Kill()
	server.mu.Lock()
	server.busy = false
	server.mu.Unlock()

	s = i.Start()
	eventually(t, 90*time.Second, "the mail has arrived", func() bool { _, taken := server.count(); return taken > 0 })
	s.Stop()
	if len(server.mails) != 1 {
		t.Errorf("%d mails arrived", len(server.mails))
	}
	text := server.mails[0]
	says(t, text, "Subject: Latchkey: 1 webhook endpoint was disabled", "latchkey webhook update "+made["id"].(string)+" --enable", s.URL)
	if strings.Contains(text, "sup3r-s3cret") || strings.Contains(text, made["secret"].(string)) {
		t.Errorf("the mail holds a secret:\n%s", text)
	}
}
