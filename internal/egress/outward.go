package egress

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// outward writes a request: its head and a small body at once, a longer one beside the reply, which may come before its end.
type outward struct {
	carried *carried
	request *http.Request

	done chan struct{} // nil when there is nothing left to write
	mu   sync.Mutex
	err  error
}

// framing are the headers that HTTP/1.1 itself writes.
var framing = []string{"Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Upgrade", "Te", "Keep-Alive", "Proxy-Connection"}

// head writes the head and, where that takes no waiting, the body.
func (o *outward) head() error {
	r, w := o.request, o.carried.writer
	for _, text := range []string{r.Method, " ", r.URL.RequestURI(), " HTTP/1.1\r\nHost: ", r.URL.Host, "\r\n"} {
		_, _ = w.WriteString(text) // a writer's error stays until it is flushed
	}
	for name, values := range r.Header {
		if slices.Contains(framing, name) {
			continue
		}
		for _, value := range values {
			line(w, name, value)
		}
	}
	if upgrade := r.Header.Get("Upgrade"); upgrade != "" {
		line(w, "Connection", "Upgrade")
		line(w, "Upgrade", upgrade)
	}
	body := r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
	switch {
	case body && r.ContentLength > 0:
		line(w, "Content-Length", strconv.FormatInt(r.ContentLength, 10))
	case body:
		line(w, "Transfer-Encoding", "chunked")
		for name := range r.Trailer {
			line(w, "Trailer", name)
		}
	case r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch:
		line(w, "Content-Length", "0")
	}
	_, _ = w.WriteString("\r\n")
	if err := w.Flush(); err != nil || !body {
		return err
	}
	o.done = make(chan struct{})
	go func() {
		defer close(o.done)
		if err := o.body(); err != nil {
			o.mu.Lock()
			o.err = err
			o.mu.Unlock()
			_ = o.carried.conn.Close() // half a request is none
		}
	}()
	return nil
}

func line(w io.StringWriter, name, value string) {
	for _, text := range []string{name, ": ", value, "\r\n"} {
		_, _ = w.WriteString(text)
	}
}

// body writes what the caller sends, as it comes.
func (o *outward) body() error {
	r, w := o.request, o.carried.writer
	if r.ContentLength > 0 {
		n, err := io.Copy(flushing{o}, io.LimitReader(r.Body, r.ContentLength))
		if err == nil && n < r.ContentLength {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if _, err := io.Copy(chunked{o}, r.Body); err != nil {
		return err
	}
	_, _ = w.WriteString("0\r\n")
	for name, values := range r.Trailer { // filled in by now
		for _, value := range values {
			line(w, name, value)
		}
	}
	_, _ = w.WriteString("\r\n")
	return w.Flush()
}

// flushing writes at once: the other side may wait for it.
type flushing struct{ *outward }

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.carried.writer.Write(p)
	return n, errors.Join(err, f.carried.writer.Flush())
}

// chunked writes a chunk (RFC 9112 §7.1).
type chunked struct{ *outward }

func (c chunked) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	w := c.carried.writer
	_, _ = w.WriteString(strconv.FormatInt(int64(len(p)), 16))
	_, _ = w.WriteString("\r\n")
	_, _ = w.Write(p)
	_, _ = w.WriteString("\r\n")
	return len(p), w.Flush()
}

// finished tells whether all is written.
func (o *outward) finished() bool {
	if o.done == nil {
		return true
	}
	select {
	case <-o.done:
		return o.failure() == nil
	default:
		return false
	}
}

// abandon lets the writing end: its connection is closed.
func (o *outward) abandon() {
	if o.done != nil {
		_ = o.carried.conn.Close()
	}
}

func (o *outward) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
