package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is a mail server on a real socket (RFC 5321), as far as a client needs one.
type server struct {
	host     string
	port     int
	roots    *x509.CertPool
	tls      *tls.Config
	implicit bool
	// startTLS and auth are what it offers; refuse says no to a recipient.
	startTLS bool
	auth     string
	refuse   func(recipient string) bool
	wait     sync.WaitGroup

	mu       sync.Mutex
	mails    []delivered
	lines    []string // what it was told
	signedIn []string // "user:password"
	plain    bool     // whether a mail or a password came without TLS
}

type delivered struct {
	from string
	to   []string
	text string
}

// listen starts a server with a certificate for "localhost".
func listen(t *testing.T, change func(*server)) *server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{host: "localhost", roots: x509.NewCertPool(), startTLS: true, auth: "PLAIN LOGIN"}
	s.roots.AddCert(certificate)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	if change != nil {
		change(s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	s.wait.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.wait.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.wait.Wait()
	})
	return s
}

func (s *server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	secure := s.implicit
	if secure {
		conn = tls.Server(conn, s.tls)
	}
	in := bufio.NewReader(conn)
	say := func(line string) { _, _ = fmt.Fprintf(conn, "%s\r\n", line) }
	read := func() string {
		line, err := in.ReadString('\n')
		if err != nil {
			return "QUIT"
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		return line
	}
	say("220 localhost ready")
	var m delivered
	for {
		line := read()
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-localhost")
			if s.startTLS && !secure {
				say("250-STARTTLS")
			}
			if s.auth != "" {
				say("250-AUTH " + s.auth)
			}
			say("250 SIZE 1000000")
		case "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, s.tls)
			in, secure = bufio.NewReader(conn), true
		case "AUTH":
			s.signIn(rest, secure, say, read)
		case "MAIL":
			m = delivered{from: address(rest)}
			say("250 ok")
		case "RCPT":
			if s.refuse != nil && s.refuse(address(rest)) {
				say("550 no such user")
				continue
			}
			m.to = append(m.to, address(rest))
			say("250 ok")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for line := read(); line != "."; line = read() {
				text.WriteString(strings.TrimPrefix(line, ".") + "\n")
			}
			m.text = text.String()
			s.mu.Lock()
			s.mails, s.plain = append(s.mails, m), s.plain || !secure
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("500 what?")
		}
	}
}

func (s *server) signIn(rest string, secure bool, say func(string), read func() string) {
	way, first, _ := strings.Cut(rest, " ")
	decode := func(text string) string {
		plain, _ := base64.StdEncoding.DecodeString(text)
		return string(plain)
	}
	var user, password string
	if way == "PLAIN" {
		parts := strings.Split(decode(first), "\x00")
		user, password = parts[1], parts[2]
	} else {
		say("334 " + base64.StdEncoding.EncodeToString([]byte("Username:")))
		user = decode(read())
		say("334 " + base64.StdEncoding.EncodeToString([]byte("Password:")))
		password = decode(read())
	}
	s.mu.Lock()
	s.signedIn, s.plain = append(s.signedIn, user+":"+password), s.plain || !secure
	s.mu.Unlock()
	if password != "hunter2" {
		say("535 wrong")
		return
	}
	say("235 welcome")
}

// address takes the address out of "FROM:<a@b> BODY=8BITMIME".
func address(rest string) string {
	_, rest, _ = strings.Cut(rest, "<")
	rest, _, _ = strings.Cut(rest, ">")
	return rest
}
