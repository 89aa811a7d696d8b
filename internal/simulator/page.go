package simulator

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed pages
var pageFiles embed.FS

const stylePath = "/assets/moviestar.css"

// pageTemplates parses the embedded pages; a page that does not parse is a bug of this package.
func pageTemplates() *template.Template {
	return template.Must(template.New("").ParseFS(pageFiles, "pages/*.html"))
}

// pagePolicy is the Content-Security-Policy of every page: our style sheet, and nothing else. form-action names the
// schemes only, since a browser holds the whole chain of redirects after the form to it: to the client's callback,
// and wherever that leads.
const pagePolicy = "default-src 'none'; style-src 'self'; form-action http: https:; base-uri 'none'; frame-ancestors 'none'"

func (s *Simulator) page(status int, name string, data any) answer {
	var out bytes.Buffer
	if err := s.pages.ExecuteTemplate(&out, name, data); err != nil {
		panic("simulator: page " + name + ": " + err.Error())
	}
	return newAnswer(status, "text/html; charset=utf-8", out.Bytes()).
		with("Content-Security-Policy", pagePolicy).
		with("Referrer-Policy", "same-origin") // not no-referrer: that makes a form's Origin null
}

func (s *Simulator) consentPage(c *call, a *authorization, problem string) answer {
	status := http.StatusOK
	if problem != "" {
		status = http.StatusBadRequest
	}
	user := c.body.Get("user")
	if problem == "" {
		user = c.query.Get("login_hint")
	}
	if user == "" {
		user = SampleUser
	}
	return s.page(status, "consent.html", map[string]any{
		"Style": c.mount.base + stylePath, "Client": a.clientID, "Scope": a.scope, "User": user, "UserMax": userMax,
		"Back": a.redirectURI.Scheme + "://" + a.redirectURI.Host, "NoState": a.state == "", "PKCE": a.pkce,
		"Problem": problem,
	})
}

func (s *Simulator) errorPage(c *call, problem string) answer {
	return s.page(http.StatusBadRequest, "error.html", map[string]any{"Style": c.mount.base + stylePath, "Problem": problem})
}

const callbackPath = "/callback"

// callback stands in for an application's redirect URI. It says what came back, and does not show the code.
func (s *Simulator) callback(c *call) answer {
	return s.page(http.StatusOK, "callback.html", map[string]any{
		"Style": c.mount.base + stylePath, "Allowed": c.query.Get("code") != "", "Denied": c.query.Get("error") != "",
	})
}

func (s *Simulator) style() answer {
	css, err := pageFiles.ReadFile("pages/moviestar.css")
	if err != nil {
		panic("simulator: " + err.Error())
	}
	return newAnswer(http.StatusOK, "text/css; charset=utf-8", css)
}
