package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// The texts of net/http's and crypto/tls's errors may quote what the other side sent, so each error is put into
// words of our own here, and only errors without foreign text are wrapped.

// explainDial puts the error of a connection that was not made into words.
func explainDial(to target, err error, limit time.Duration) *Error {
	out := &Error{Kind: KindDial}
	viaProxy, proxied := errors.AsType[*proxyError](err)
	if proxied && viaProxy.err == nil {
		out.Err = viaProxy
		return out
	}
	where := net.JoinHostPort(to.host, to.port)
	if to.override != nil {
		where = to.override.Address
	}
	what := func(text string) error {
		if proxied {
			return errors.New(viaProxy.Error() + ": " + text)
		}
		return errors.New(text)
	}
	if blocked, ok := errors.AsType[*blockedError](err); ok {
		out.Kind, out.Err = KindBlocked, blocked
		return out
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return explainDNS(name, what)
	}
	if proxied && isTLS(err) {
		out.Kind, out.Err = KindTLS, what(describeTLS("the proxy", err))
		return out
	}
	switch {
	case isTimeout(err):
		out.Kind, out.Err = KindTimeout, what(fmt.Sprintf("no connection within %s", limit))
	case errors.Is(err, syscall.ECONNREFUSED):
		out.Err = what(fmt.Sprintf("nothing answers at %s (connection refused)", where))
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		out.Err = what("there is no route to the host; does this machine reach it only through a proxy (egress.proxy)?")
	case errors.Is(err, context.Canceled):
		out.Kind, out.Err = KindCanceled, context.Canceled
	default:
		out.Err = what("the connection could not be made")
		if number, ok := errors.AsType[syscall.Errno](err); ok {
			out.Err = what("the connection could not be made: " + number.Error())
		}
	}
	return out
}

func explainDNS(err *net.DNSError, what func(string) error) *Error {
	text := fmt.Sprintf("the name %s could not be resolved; is the name server of this machine in order?", err.Name)
	switch {
	case err.IsNotFound:
		text = fmt.Sprintf("the name %s does not exist; check its spelling", err.Name)
	case err.IsTimeout:
		text = fmt.Sprintf("the name server did not answer for %s in time", err.Name)
	}
	return &Error{Kind: KindDNS, Err: what(text)}
}

// explainTLS puts the error of a handshake into words.
func explainTLS(host string, err error, limit time.Duration) *Error {
	if isTimeout(err) {
		return &Error{Kind: KindTimeout, Err: fmt.Errorf("no TLS connection within %s", limit)}
	}
	return &Error{Kind: KindTLS, Err: errors.New(describeTLS(host, err))}
}

func describeTLS(host string, err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the certificate is signed by an authority that is not trusted here; " +
			"if it is your own, add its root with egress.ca_files"
	}
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("the certificate is for another host (%s), not for %s", certificateNames(wrong.Certificate), host)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return describeCertificate(invalid)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the other side does not speak TLS; is this a port for plain http?"
	}
	if alert, ok := asAlert(err); ok {
		return fmt.Sprintf("the other side ended the TLS connection (%s); "+
			"it may speak no TLS 1.2, want a client certificate, or not know the name %s", alert, host)
	}
	if strings.Contains(err.Error(), "protocol version") {
		return "the other side speaks no TLS 1.2 or later"
	}
	if isBroken(err) {
		return "the other side closed the connection during the TLS handshake"
	}
	return "the TLS handshake failed"
}

func describeCertificate(err x509.CertificateInvalidError) string {
	if err.Reason != x509.Expired || err.Cert == nil {
		return "the certificate is not valid for a server"
	}
	if time.Now().Before(err.Cert.NotBefore) {
		return fmt.Sprintf("the certificate is not valid before %s; is this machine's clock right?",
			err.Cert.NotBefore.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("the certificate expired on %s; whoever runs the host has to renew it",
		err.Cert.NotAfter.UTC().Format(time.RFC3339))
}

// certificateNames lists what a certificate is for, so much of it as people read.
func certificateNames(certificate *x509.Certificate) string {
	const most = 3
	names := certificate.DNSNames
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "it names none"
	}
	rest := ""
	if len(names) > most {
		names, rest = names[:most], ", …"
	}
	return strings.Join(names, ", ") + rest
}

func isTLS(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := asAlert(err)
	return certificate || record || alert
}

// asAlert gives the text of an alert that the other side sent; crypto/tls has no exported type for it.
func asAlert(err error) (string, bool) {
	operation, ok := errors.AsType[*net.OpError](err)
	if !ok || operation.Op != "remote error" {
		return "", false
	}
	return operation.Err.Error(), true
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

// isBroken tells that the connection ended before its time.
func isBroken(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, net.ErrClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return strings.Contains(err.Error(), "server closed idle connection") // net/http exports no value for it
}

// explainExchange puts the error of a request on its way, or of its reply, into words.
func (c *Client) explainExchange(ctx context.Context, err error, sent bool) *Error {
	if dialled, ok := errors.AsType[*Error](err); ok {
		copied := *dialled // two requests may have waited for one dial
		return &copied
	}
	out := &Error{Sent: sent}
	reply := "the request"
	if sent {
		reply = "the reply"
	}
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), errTimeUp):
		out.Kind, out.Err = KindTimeout, fmt.Errorf("no complete reply within %s", c.timeout)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		out.Kind, out.Err = KindTimeout, errors.New("no complete reply within the caller's time")
	case ctx.Err() != nil:
		out.Kind, out.Err = KindCanceled, fmt.Errorf("the caller gave up: %w", context.Canceled)
	case strings.Contains(err.Error(), "response headers exceeded"): // net/http exports no value for it
		out.Kind, out.Err = KindTooLarge, fmt.Errorf("the reply's header is larger than %d KiB", maxHeader>>10)
	case isTLS(err):
		out.Kind, out.Err = KindTLS, errors.New(describeTLS("this host", err))
	case isBroken(err):
		out.Kind, out.Err = KindReset, fmt.Errorf("the connection ended before %s was complete", reply)
	default:
		out.Kind, out.Err = KindProtocol, errors.New("the reply can't be read: it is not HTTP, or its compression is broken")
	}
	return out
}
