package web

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"latchkey/internal/access"
	"latchkey/internal/registry"
)

// frame is what stands around the page of somebody who is signed in.
type frame struct {
	Organization registry.Organization
	// Role is what the person is in it, in words.
	Role      string
	Sandbox   string
	Sandboxes []registry.Sandbox
	// Switch is the page that another sandbox is shown on.
	Switch string
	Flash  *flash
	// Waiting is how many things need somebody, when the Overview was last looked at.
	Waiting int
	// Find is what was looked for.
	Find string
	// Others are the person's accounts in other organizations, Address is where they begin.
	Others  []elseAccount
	Address string
}

// The places of the navigation.
const (
	placeOverview = "/"
	placeProjects = "/projects"
	// placeIMS is AEM's own address of the page.
	placeIMS           = "/libs/cq/adobeims-configuration/content/configurations.html"
	placeCloudServices = "/cloud-services"
	placeAdmin         = "/admin"
	placeSettings      = "/settings"
	placeAudit         = "/audit"
	placeAccount       = "/account"
)

// place is where the navigation leads.
type place struct {
	Path, Label string
	// Sandboxed places show what is in one sandbox.
	Sandboxed bool
	// Count is how many things there need somebody, as far as is known.
	Count int
	// Scope is what somebody must hold who is shown it, "" for nobody in particular.
	Scope access.Scope
}

// chapter is the places under a heading.
type chapter struct {
	Heading string
	Places  []place
}

// navigation is where somebody who is signed in can go.
var navigation = []chapter{
	{"", []place{
		{Path: placeOverview, Label: "Overview", Sandboxed: true},
	}},
	{"Issue", []place{
		{Path: placeProjects, Label: "Projects"},
	}},
	{"Hold", []place{
		{Path: placeConnections, Label: "Connections", Sandboxed: true},
		{Path: placeDefinitions, Label: "Definitions", Sandboxed: true},
	}},
	{"Use", []place{
		{Path: placeIMS, Label: "IMS configurations", Sandboxed: true},
		{Path: placeCloudServices, Label: "Cloud services", Sandboxed: true},
		{Path: placePipeline, Label: "Pipeline"},
		{Path: placeInstances, Label: "Instances"},
	}},
	{"Keep", []place{
		{Path: placeCalendar, Label: "Calendar"},
	}},
	{"Administer", []place{
		{Path: placeAdmin, Label: "Admin Console"},
		{Path: placeSettings, Label: "Settings"},
		{Path: placeAudit, Label: "Audit", Scope: access.AuditRead},
	}},
	{"Documentation", []place{
		{Path: "/docs", Label: "API reference"},
		{Path: "/docs/errors", Label: "Errors"},
		{Path: "/openapi.json", Label: "OpenAPI"},
	}},
}

// outside is where somebody can go who is not signed in.
var outside = []chapter{navigation[0], navigation[len(navigation)-1]}

// Chapters gives the navigation of a page.
func (c page) Chapters() []chapter {
	if c.Caller == nil {
		return outside
	}
	var out []chapter
	for _, all := range navigation {
		shown := chapter{Heading: all.Heading}
		for _, p := range all.Places {
			if p.Path == placeOverview && c.Frame != nil {
				p.Count = c.Frame.Waiting
			}
			if p.Scope == "" || c.Caller.Require(p.Scope) == nil {
				shown.Places = append(shown.Places, p)
			}
		}
		if shown.Places != nil {
			out = append(out, shown)
		}
	}
	return out
}

// sandboxed tells whether what a place shows is in one sandbox.
func sandboxed(path string) bool {
	for _, c := range navigation {
		for _, p := range c.Places {
			if p.Path == path {
				return p.Sandboxed
			}
		}
	}
	return false
}

// framed tells what stands around a page. What can't be read is left out: a page that says what is broken has to come out
// all the same.
func (p *Pages) framed(w http.ResponseWriter, r *http.Request, session registry.Session, caller access.Caller, content *page) *frame {
	f := &frame{Organization: registry.Organization{ID: caller.Organization}, Role: caller.Role.Words(), Sandbox: content.Sandbox, Switch: placeOverview}
	if sandboxed(content.Here) {
		f.Switch = content.Here
	}
	if found, ok := content.Body.(*searchView); ok {
		f.Find = found.Query
	}
	var err error
	if f.Organization, err = p.Directory.Organization(r.Context(), caller, caller.Organization); err != nil {
		p.Log.WarnContext(r.Context(), "the organization of a page can't be named", slog.Any("error", err))
	}
	if f.Sandboxes, err = p.Directory.Sandboxes(r.Context(), caller); err != nil {
		p.Log.WarnContext(r.Context(), "the sandboxes of a page can't be listed", slog.Any("error", err))
	}
	if f.Sandbox == "" {
		f.Sandbox = p.sandboxOf(r.Context(), r, caller)
	}
	f.Waiting = p.counts.of(caller, f.Sandbox, p.Clock.Now())
	f.Flash = takeFlash(w, r)
	f.Others, f.Address = p.others(r.Context(), session), content.Here
	return f
}

// sandboxCookie remembers the sandbox that a browser looks at. It is no right: what may be seen is asked at each use.
func sandboxCookie(r *http.Request) string { return cookieName(r, "latchkey-sandbox") }

// sandboxOf gives the sandbox that a request means: the one that a form was shown in, the one that the address names, the
// one that was looked at last.
func (p *Pages) sandboxOf(ctx context.Context, r *http.Request, caller access.Caller) string {
	if r.Method == http.MethodPost && r.PostForm.Has("sandbox") {
		return r.PostForm.Get("sandbox")
	}
	if named := r.URL.Query().Get("sandbox"); named != "" {
		return named
	}
	last := cookieValue(r, sandboxCookie(r))
	if last == "" || last == access.DefaultSandbox {
		return access.DefaultSandbox
	}
	all, err := p.Directory.Sandboxes(ctx, caller)
	if err != nil || !slices.ContainsFunc(all, func(s registry.Sandbox) bool { return s.Name == last }) {
		return access.DefaultSandbox
	}
	return last
}

// rememberSandbox keeps the sandbox that an address has named.
func rememberSandbox(w http.ResponseWriter, r *http.Request, sandbox string) {
	if r.URL.Query().Get("sandbox") != "" {
		setCookie(w, r, cookie{sandboxCookie(r), sandbox, "/", sandboxLife})
	}
}
