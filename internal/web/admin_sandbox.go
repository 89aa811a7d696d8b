package web

import (
	"net/http"
	"net/url"
	"strconv"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/registry"
)

// sandboxRow is a sandbox as the list shows it.
type sandboxRow struct {
	registry.Sandbox
	Path string
	Main bool
}

func sandboxPath(name string) string { return placeAdmin + "/sandboxes/" + url.PathEscape(name) }

func (v *visit) adminSandboxes() error {
	all, err := v.Tenants.Sandboxes(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	view := struct {
		Rows         []sandboxRow
		Search, Role string
		Tabs         tabs
		May          bool
	}{Search: v.r.URL.Query().Get("q"), Tabs: adminTabs("Sandboxes"), May: v.administers(), Role: v.lacksAdmin("make and delete sandboxes")}
	for _, s := range all {
		if contains(view.Search, s.Name, s.Title, s.ID) {
			view.Rows = append(view.Rows, sandboxRow{s, sandboxPath(s.Name), s.Name == access.DefaultSandbox})
		}
	}
	return v.show(http.StatusOK, "admin_sandboxes", "Sandboxes", &view)
}

func (v *visit) adminNewSandbox() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	f := v.form(placeAdmin+"/new-sandbox", "Create sandbox", text("name", "Name", "", "Small letters, digits and hyphens: stage.").needed(), text("title", "Title", "", "What people read.").maybe()).orElse(placeAdmin + "/sandboxes")
	view := formView{"New sandbox", "Definitions, connections, IMS configurations and cloud services belong to one. Keys can be bound to one.", f}
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "admin_form", view.Heading, &view)
	}
	v.refill(f.Inputs)
	made, err := v.Tenants.CreateSandbox(v.r.Context(), v.caller, v.value("name"), v.value("title"))
	return v.adminSaved(view, err, sandboxPath(made.Name), "The sandbox "+made.Name+" was created.")
}

// content is how many things of a kind are in a sandbox, and where they are shown.
type content struct{ Kind, Count, Path string }

// countLimit is how many things are counted, so that a page stays quick where there are very many.
const countLimit = 200

func counted(n int, more bool) string {
	if more {
		return "more than " + strconv.Itoa(countLimit)
	}
	return strconv.Itoa(n)
}

// adminSandbox shows what is in a sandbox.
func (v *visit) adminSandbox() error {
	s, err := v.Tenants.Sandbox(v.r.Context(), v.caller, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	view := struct {
		sandboxRow
		Contents []content
		Empty    bool
		May      bool
		Role     string
	}{sandboxRow: sandboxRow{s, sandboxPath(s.Name), s.Name == access.DefaultSandbox}, May: v.administers(), Role: v.lacksAdmin("delete it")}
	if view.Contents, view.Empty, err = v.contents(s.Name); err != nil {
		return err
	}
	return v.show(http.StatusOK, "admin_sandbox", s.Title, &view)
}

func (v *visit) contents(sandbox string) (all []content, empty bool, err error) {
	ctx, in := v.r.Context(), "?sandbox="+url.QueryEscape(sandbox)
	connections, err := v.Connections.List(ctx, v.caller, connection.Query{Sandbox: sandbox, Limit: countLimit})
	if err != nil {
		return nil, false, err
	}
	definitions, more, err := v.Definitions.List(ctx, v.caller, destination.Page{Sandbox: sandbox, Limit: countLimit})
	if err != nil {
		return nil, false, err
	}
	configurations, err := v.IMS.List(ctx, v.caller, sandbox)
	if err != nil {
		return nil, false, err
	}
	services, err := v.CloudServices.List(ctx, v.caller, sandbox)
	if err != nil {
		return nil, false, err
	}
	keys, err := v.Keys.List(ctx, v.caller)
	if err != nil {
		return nil, false, err
	}
	bound := 0
	for _, k := range keys {
		if k.Sandbox == sandbox && k.RevokedAt.IsZero() {
			bound++
		}
	}
	endpoints, err := v.Webhooks.List(ctx, v.caller)
	if err != nil {
		return nil, false, err
	}
	hooks := 0
	for _, e := range endpoints {
		if e.Sandbox == sandbox {
			hooks++
		}
	}
	all = []content{
		{"Connections", counted(len(connections.Items), connections.Next != ""), "/connections" + in}, {"Definitions", counted(len(definitions), more != ""), "/definitions" + in},
		{"IMS configurations", strconv.Itoa(len(configurations)), placeIMS + in}, {"Cloud services", strconv.Itoa(len(services)), placeCloudServices + in},
		{"API keys bound to it", strconv.Itoa(bound), placeSettings + "/keys"}, {"Webhooks of its events alone", strconv.Itoa(hooks), placeSettings + "/webhooks"},
	}
	return all, len(connections.Items)+len(definitions)+len(configurations)+len(services) == 0, nil
}

func (v *visit) adminDeleteSandbox() error {
	if err := v.caller.RequireRole(access.SystemAdministrator); err != nil {
		return err
	}
	s, err := v.Tenants.Sandbox(v.r.Context(), v.caller, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	path := placeAdmin + "/delete-sandbox/" + url.PathEscape(s.Name)
	if !v.confirmed(s.Name) {
		return v.confirm(confirmation{What: "the sandbox", Name: s.Name, Goes: "the sandbox. It is refused while something is in it.", Stays: "the other sandboxes."}, path, sandboxPath(s.Name))
	}
	if err := v.Tenants.DeleteSandbox(v.r.Context(), v.caller, s.ID); err != nil {
		return err
	}
	if v.sandbox == s.Name {
		v.sandbox = access.DefaultSandbox
	}
	return v.done(placeAdmin+"/sandboxes", "The sandbox "+s.Name+" was deleted.")
}
