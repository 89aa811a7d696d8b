package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/project"
	"latchkey/internal/telemetry"
)

//go:embed pages
var pages embed.FS

// templates holds the pages, each with the layout around it, made when the page is first shown: to make them all takes longer than
// the rest of a start.
type templates struct {
	layout *template.Template
	mu     sync.Mutex
	made   map[string]*template.Template // :: name → page
}

// page gives a page by its name.
func (t *templates) page(name string) (*template.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if made := t.made[name]; made != nil {
		return made, nil
	}
	clone, err := t.layout.Clone()
	if err == nil {
		clone, err = clone.ParseFS(pages, "pages/"+name+".html")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the page %s: %w", name, err)
	}
	t.made[name] = clone
	return clone, nil
}

// page is what every page is made from.
type page struct {
	Title string
	// Here is the address of the page in the navigation.
	Here    string
	Version string
	// Caller is who is signed in, nil for nobody; then Frame is nil too.
	Caller *access.Caller
	Frame  *frame
	// Sandbox is the one that the page is about, where it knows.
	Sandbox string
	CSRF    string
	Body    any
}

func (p *Pages) parseTemplates() (*templates, error) {
	functions := template.FuncMap{
		"asset":     p.assets.path,
		"ago":       func(t time.Time) string { return ago(t, p.Clock.Now()) },
		"exact":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"machine":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"join":      strings.Join,
		"markdown":  inline,
		"agedWords": agedWords, "plural64": func(n int64, noun string) string { return plural(int(n), noun) }, "inc": func(n int) int { return n + 1 }, "less": func(by, n int) int { return n - by },
		"lines":    documentLines,
		"sentence": sentence, "plural": plural, "roles": func() []project.ProductRole {
			return []project.ProductRole{project.Observer, project.Editor, project.Approver}
		},
		"layerName": layerName, "layerTone": layerTone, "layerWord": layerWord,
		"roleTitle": roleTitle,
		"slug":      func(s string) template.HTML { return slugLink(strings.Trim(s, "`")) },
	}
	layout, err := template.New("layout.html").Funcs(functions).ParseFS(pages, "pages/layout.html", "pages/parts*.html")
	if err != nil {
		return nil, err
	}
	return &templates{layout: layout, made: map[string]*template.Template{}}, nil
}

// render writes a page. It is made whole before the first byte goes out, so that a fault becomes a page of its own.
func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, name string, content page) {
	buffer, ok := p.made(w, r, name, content)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(buffer.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(buffer.Bytes())
}

// made makes a page; not ok when it has answered with a fault of our own.
func (p *Pages) made(w http.ResponseWriter, r *http.Request, name string, content page) (*bytes.Buffer, bool) {
	content.Version = p.Version
	if session, user, ok := p.signed(r); ok {
		caller := user.Caller()
		content.Caller, content.CSRF = &caller, csrf(cookieValue(r, sessionCookie(r)))
		content.Frame = p.framed(w, r, session, caller, &content)
	}
	var buffer bytes.Buffer
	made, err := p.templates.page(name)
	if err == nil {
		err = made.Execute(&buffer, content)
	}
	if err != nil {
		p.Log.ErrorContext(r.Context(), "a page could not be made", slog.String("page", name), slog.Any("error", err))
		http.Error(w, "Something broke here.", http.StatusInternalServerError)
		return nil, false
	}
	return &buffer, true
}

// message writes a page that says one thing.
func (p *Pages) message(w http.ResponseWriter, r *http.Request, m message) {
	if id := telemetry.RequestID(r.Context()); id != "" && m.Status >= http.StatusBadRequest {
		m.Facts = append(m.Facts, fact{"Request", id, true})
	}
	p.render(w, r, m.Status, "message", page{Title: m.Title, Here: m.Here, Body: m})
}

// ago says a time in relation to now: "3 minutes ago", "in 2 hours".
func ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	form := "%s ago"
	if d < 0 {
		d, form = -d, "in %s"
	}
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int(d / unit.size); n > 0 {
			return fmt.Sprintf(form, plural(n, unit.name))
		}
	}
	return "now"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
