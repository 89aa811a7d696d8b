package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
)

// forward is one call on its way.
type forward struct {
	*Proxy
	w         http.ResponseWriter
	r         *http.Request
	call      Call
	path, raw string
	token     connection.Token
	// kept is the body where it can be sent again; streams tells that there is one that can't.
	kept    []byte
	streams bool
	// status is the service's, 0 for no answer.
	status int
}

// NoteHeader says in words why a 401 of the service was passed on.
const NoteHeader = "Latchkey-Note"

// run sends the call, once more where the token was refused, and passes the answer on.
func (f *forward) run(service *exchange.Service) error {
	if err := f.keepBody(); err != nil {
		return err
	}
	if err := f.record(f.r.Context(), &f.call, &f.token); err != nil {
		return err
	}
	control := http.NewResponseController(f.w)
	_ = control.SetReadDeadline(noTime) // not every writer has deadlines
	_ = control.SetWriteDeadline(noTime)
	if f.streams {
		_ = control.EnableFullDuplex()
	}
	response, err := f.send(service)
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusUnauthorized {
		if response, err = f.renewed(response); err != nil {
			return err
		}
	}
	if f.status = response.StatusCode; f.status == http.StatusSwitchingProtocols {
		return f.tunnel(response)
	}
	return f.answer(response)
}

// keepBody reads a small body, so that it can be sent again.
func (f *forward) keepBody() error {
	n := f.r.ContentLength
	if n == 0 || f.r.Body == nil || f.r.Body == http.NoBody {
		return nil
	}
	if n < 0 || n > f.config.Replay {
		f.streams = true
		return nil
	}
	f.kept = make([]byte, n)
	if _, err := io.ReadFull(f.r.Body, f.kept); err != nil {
		return fmt.Errorf("reading the call's body: %w", err)
	}
	return nil
}

// renewed repeats a call whose token the service refused, with the next one. Where there is none, or the body is gone, the
// refusal itself is the answer, with the reason.
func (f *forward) renewed(refused *http.Response) (*http.Response, error) {
	want := connection.Want{Sandbox: f.call.Sandbox, Rejected: f.token.ETag}
	token, service, err := f.config.Services.Service(f.r.Context(), f.call.Caller, f.token.ConnectionID, want)
	switch {
	case errors.Is(err, connection.ErrNotModified), err == nil && token.Generation == f.token.Generation:
		refused.Header.Set(NoteHeader, "the service refuses the token, which was renewed for that reason before; a newer one can't be had now")
		return refused, nil
	case err != nil:
		if f.r.Context().Err() != nil {
			_ = refused.Body.Close()
			return nil, err
		}
		refused.Header.Set(NoteHeader, "the service refuses the token, and a new one can't be had; the connection says why")
		return refused, nil //nolint:nilerr // the service's answer says more
	case f.streams:
		refused.Header.Set(NoteHeader, fmt.Sprintf("the token was renewed, but the call was not repeated: its body is no longer there (more than %d bytes, or of unknown length); send it again", f.config.Replay))
		return refused, nil
	}
	_ = refused.Body.Close()
	f.token = token
	if err := f.record(f.r.Context(), &f.call, &f.token); err != nil {
		return nil, err
	}
	return f.send(service)
}

// send makes the call to the service.
func (f *forward) send(service *exchange.Service) (*http.Response, error) {
	out := &http.Request{
		Method: f.r.Method, URL: f.target(service), Header: f.header(service), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: f.r.ContentLength,
	}
	switch {
	case f.streams:
		out.Body, out.Trailer = f.r.Body, f.r.Trailer
	case f.kept != nil:
		out.Body = io.NopCloser(bytes.NewReader(f.kept))
	}
	return f.config.Carrier.RoundTrip(out.WithContext(f.r.Context()))
}

// target is the base URL with the call's path and query behind it.
func (f *forward) target(service *exchange.Service) *url.URL {
	base := service.Base
	at := &url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path + f.path, RawQuery: f.r.URL.RawQuery}
	if f.raw != "" || base.RawPath != "" {
		raw := f.raw
		if raw == "" {
			raw = (&url.URL{Path: f.path}).EscapedPath()
		}
		at.RawPath = base.EscapedPath() + raw
	}
	if len(service.Query) == 0 {
		return at
	}
	var parts []string
	for part := range strings.SplitSeq(f.r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if part == "" || err != nil || slices.ContainsFunc(service.Query, func(g exchange.Given) bool { return g.Name == name }) {
			continue
		}
		parts = append(parts, part)
	}
	for _, g := range service.Query {
		parts = append(parts, url.QueryEscape(g.Name)+"="+url.QueryEscape(g.Value.Reveal()))
	}
	at.RawQuery = strings.Join(parts, "&")
	return at
}

// hop are the headers that are about one connection alone (RFC 9110 §7.6.1).
var hop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// own are the headers of a call that are meant for us: the caller's key, the sandbox.
var own = []string{"Authorization", "X-Sandbox-Name", "Expect", "Content-Length"}

// header gives what the service is sent.
func (f *forward) header(service *exchange.Service) http.Header {
	in := f.r.Header
	out := make(http.Header, len(in)+len(service.Headers))
	named := in["Connection"]
	for name, values := range in {
		if slices.Contains(hop, name) || slices.Contains(own, name) || len(named) > 0 && listed(named, name) {
			continue
		}
		out[name] = values
	}
	if len(named) > 0 && listed(named, "Upgrade") && in.Get("Upgrade") != "" {
		out.Set("Upgrade", in.Get("Upgrade"))
	}
	for _, g := range service.Headers {
		out[http.CanonicalHeaderKey(g.Name)] = []string{g.Value.Reveal()}
	}
	return out
}

// listed tells whether a Connection header names another.
func listed(values []string, name string) bool {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(one), name) {
				return true
			}
		}
	}
	return false
}

var copies = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// answer passes the service's answer on as it comes.
func (f *forward) answer(response *http.Response) error {
	defer func() { _ = response.Body.Close() }()
	header := f.w.Header()
	named := response.Header["Connection"]
	for name, values := range response.Header {
		if slices.Contains(hop, name) || len(named) > 0 && listed(named, name) {
			continue
		}
		header[name] = values
	}
	for name := range response.Trailer {
		header.Add("Trailer", name)
	}
	f.w.WriteHeader(response.StatusCode)
	if response.ContentLength != 0 {
		if err := f.copy(response); err != nil {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
	}
	for name, values := range response.Trailer {
		header[name] = values
	}
	return nil
}

// copy writes the body. What is of unknown length is flushed as it comes: somebody may wait for it.
func (f *forward) copy(response *http.Response) error {
	buffer := copies.Get().(*[]byte)
	defer copies.Put(buffer)
	control := http.NewResponseController(f.w)
	for {
		n, err := response.Body.Read(*buffer)
		if n > 0 {
			if _, err := f.w.Write((*buffer)[:n]); err != nil {
				return err
			}
			if response.ContentLength < 0 && err == nil {
				if err := control.Flush(); err != nil {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// tunnel joins the two connections after the service has switched protocols.
func (f *forward) tunnel(response *http.Response) error {
	service, ok := response.Body.(io.ReadWriteCloser)
	if !ok {
		_ = response.Body.Close()
		return errors.New("the service's connection can't be written to after the switch of protocols")
	}
	defer func() { _ = service.Close() }()
	caller, buffered, err := http.NewResponseController(f.w).Hijack()
	if err != nil {
		return fmt.Errorf("taking over the caller's connection: %w", err)
	}
	defer func() { _ = caller.Close() }()
	_ = caller.SetDeadline(noTime)
	_, _ = buffered.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + response.Header.Get("Upgrade") + "\r\n")
	for name, values := range response.Header {
		if !slices.Contains(hop, name) {
			_ = http.Header{name: values}.Write(buffered)
		}
	}
	_, _ = buffered.WriteString("\r\n")
	if err := buffered.Flush(); err != nil {
		return nil //nolint:nilerr // nobody is there to be told
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.r.Context()))
	go func() {
		defer cancel()
		_, _ = io.Copy(service, buffered)
	}()
	go func() {
		defer cancel()
		_, _ = io.Copy(caller, service)
	}()
	<-ctx.Done()
	return nil
}
