package web

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"latchkey/internal/telemetry"
)

// unrolling is a page that is sent as it is made: all before a mark at once, then parts as they come, at the end what stands behind the
// mark. It needs no script, for browsers show what they have.
type unrolling struct {
	*visit
	parts   *template.Template
	control *http.ResponseController
	tail    string
}

// streamMark gives a text that no page has.
func streamMark() string { return rand.Text() }

// unroll begins a page; not ok when a fault of our own was answered instead.
func (v *visit) unroll(name, title, mark string, body any) (*unrolling, bool) {
	text, ok := v.made(v.w, v.r, name, page{Title: title, Here: v.here, Sandbox: v.sandbox, Body: body})
	if !ok {
		return nil, false
	}
	parts, err := v.templates.page(name)
	if err != nil {
		v.broken(v.w, v.r, err)
		return nil, false
	}
	head, tail, _ := strings.Cut(text.String(), mark)
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("X-Accel-Buffering", "no") // a proxy before us must not keep it back
	v.w.WriteHeader(http.StatusOK)
	s := &unrolling{v, parts, http.NewResponseController(v.w), tail}
	s.send([]byte(head))
	return s, true
}

// send lets what there is out. Whether somebody still reads it, the work shows: it ends with the request.
func (s *unrolling) send(text []byte) {
	_, _ = s.w.Write(text)
	_ = s.control.Flush()
}

// part sends a template of the page.
func (s *unrolling) part(name string, data any) {
	var buffer bytes.Buffer
	if err := s.parts.ExecuteTemplate(&buffer, name, data); err != nil {
		s.Log.ErrorContext(s.r.Context(), "a part of a page could not be made", slog.String("part", name), slog.Any("error", err))
		return
	}
	buffer.WriteByte('\n')
	s.send(buffer.Bytes())
}

// end sends the rest of the page.
func (s *unrolling) end() { s.send([]byte(s.tail)) }

// broken says in the page that something broke: its status has gone out.
func (s *unrolling) broken(err error) {
	s.Log.ErrorContext(s.r.Context(), "a page broke", slog.Any("error", err))
	s.part("stream-broken", telemetry.RequestID(s.r.Context()))
	s.end()
}
