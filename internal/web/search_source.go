package web

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/decision"
	"latchkey/internal/destination"
	"latchkey/internal/project"
)

// sources are where is looked, in the order in which what was found is shown.
var sources = []source{
	{"Connections", findConnections, "/connections"},
	{"Definitions", findDefinitions, "/definitions"},
	{"Projects", findProjects, "/projects"},
	{"Credentials", findCredentials, "/projects"},
	{"IMS configurations", findIMS, placeIMS},
	{"Certificates", findCertificates, ""},
	{"Cloud services", findCloudServices, "/cloud-services"},
	{"Audiences", findAudiences, ""},
	{"Topics and instances", findTopics, ""},
	{"Services", findServices, ""},
	{"Product profiles", findProfiles, ""},
	{"People", findPeople, ""},
	{"API keys", findKeys, ""},
	{"Webhooks", findWebhooks, ""},
	{"Refused token requests", findDecisions, ""},
	{"Audit record", findAudit, ""},
	{"Errors and documentation", findDocs, ""},
}

// some collects those that match, until there are enough.
func some[T any](all []T, match func(*T) (hit, bool)) []hit {
	var out []hit
	for i := range all {
		if h, ok := match(&all[i]); ok && (len(out) <= perKind || h.Exact) {
			out = append(out, h)
		}
	}
	return out
}

func findConnections(ctx context.Context, v *visit, q query) ([]hit, error) {
	found, err := v.Connections.List(ctx, v.caller, connection.Query{Sandbox: v.sandbox, Text: q.text, Limit: perKind + 1})
	return some(found.Items, func(c *connection.Connection) (hit, bool) {
		path := v.inSandbox(v.leads("/connections/" + url.PathEscape(c.ID)))
		return hit{cmp.Or(c.Label, c.ID), c.ID, c.DefinitionName + ", " + states[c.State].word, path, q.is(c.ID)}, true
	}), err
}

func findDefinitions(ctx context.Context, v *visit, q query) ([]hit, error) {
	found, _, err := v.Definitions.List(ctx, v.caller, destination.Page{Sandbox: v.sandbox, Search: q.text, Limit: perKind + 1})
	if _, id := strings.CutPrefix(q.text, "def_"); id && err == nil { // the list searches names
		if saved, err := v.Definitions.Get(ctx, v.caller, destination.Ref{Sandbox: v.sandbox, Name: q.text}); err == nil {
			found = append(found, saved.Definition)
		}
	}
	return some(found, func(d *destination.Definition) (hit, bool) {
		return hit{d.Name, d.ID, d.State() + ", " + plural(d.Connections, "connection"), v.inSandbox(v.leads("/definitions/" + url.PathEscape(d.ID))), q.is(d.ID)}, true
	}), err
}

func findProjects(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Projects.List(ctx, v.caller, project.Page{Limit: listLimit})
	return some(all, func(p *project.Project) (hit, bool) {
		return hit{cmp.Or(p.Title, p.Name), p.ID, p.Name, projectPath(p.ID), q.is(p.ID)}, q.in(p.ID, p.Name, p.Title, p.Description)
	}), err
}

func findCredentials(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Credentials.List(ctx, v.caller, project.Selection{Page: project.Page{Limit: listLimit}})
	return some(all, func(c *project.Credential) (hit, bool) {
		account := c.TechnicalAccount
		return hit{c.Name, c.ClientID, kindTitle(c.Kind), credentialPath(c), q.is(c.ID, c.ClientID, account.ID, account.Email)},
			q.in(c.ID, c.ClientID, c.Name, c.Description, account.ID, account.Email)
	}), err
}

func findIMS(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.IMS.List(ctx, v.caller, v.sandbox)
	var out []hit
	for i := range all {
		if c := &all[i]; q.in(c.ID, c.Name, c.Title, c.ClientID, c.Alias, c.TechnicalAccount, c.IMSOrganization, c.Solution.Title()) {
			out = append(out, hit{cmp.Or(c.Title, c.Name), c.Name, c.Solution.Title(), v.inSandbox("/ims-configurations/" + url.PathEscape(c.Name)), q.is(c.ID)})
		}
	}
	return out, err
}

// findCertificates looks among those of IMS configurations and of credentials, by alias and by fingerprint as people write it.
func findCertificates(ctx context.Context, v *visit, q query) ([]hit, error) {
	keys, err := v.IMS.Certificates(ctx, v.caller, v.sandbox, "")
	var out []hit
	for i := range keys {
		k := &keys[i]
		sha1, sha256 := "", ""
		if k.Certificate != nil {
			sha1, sha256 = plainHex(k.Certificate.SHA1), plainHex(k.Certificate.SHA256)
		}
		if q.in(k.Alias, k.ID) || q.hexIn(sha1, sha256) {
			out = append(out, hit{k.Alias, sha1, "version " + strconv.Itoa(k.Version) + " of an IMS certificate", v.inSandbox(placeIMS), q.is(k.ID) || q.hex == sha1 || q.hex == sha256})
		}
	}
	all, listing := v.Credentials.List(ctx, v.caller, project.Selection{Page: project.Page{Limit: listLimit}})
	for i := range all {
		for _, b := range all[i].Bindings {
			if q.hexIn(plainHex(b.SHA1), plainHex(b.SHA256), b.ID) {
				out = append(out, hit{all[i].Name, b.SHA1, "certificate of a credential", credentialPath(&all[i]) + "/keys", q.hex == b.ID || q.hex == plainHex(b.SHA1) || q.hex == plainHex(b.SHA256)})
			}
		}
	}
	return out, errors.Join(err, listing)
}

func plainHex(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }

// hexIn tells whether a fingerprint begins with what is looked for, or is it; less than six digits say nothing.
func (q query) hexIn(all ...string) bool {
	if len(q.hex) < 6 {
		return false
	}
	for _, one := range all {
		if one != "" && strings.HasPrefix(one, q.hex) {
			return true
		}
	}
	return false
}

func findCloudServices(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.CloudServices.List(ctx, v.caller, v.sandbox)
	return some(all, func(s *cloudservice.Service) (hit, bool) {
		tenant := ""
		if s.Target != nil {
			tenant = s.Target.TenantID
		}
		return hit{cmp.Or(s.Title, s.Name), s.Name, "Adobe " + strings.ToUpper(string(s.Kind[:1])) + string(s.Kind[1:]), v.inSandbox("/cloud-services/" + url.PathEscape(s.Name)), q.is(s.ID)},
			q.in(s.ID, s.Name, s.Title, s.Configuration, tenant)
	}), err
}

// audienceServices is in how many services of Target audiences are looked for.
const audienceServices = 5

func findAudiences(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.CloudServices.List(ctx, v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	var out []hit
	asked := 0
	for i := range all {
		s := &all[i]
		if s.Kind != cloudservice.Target || asked == audienceServices {
			continue
		}
		asked++
		ask := cloudservice.AudienceQuery{Search: q.text, Prefix: true, Limit: perKind + 1}
		id, err := strconv.ParseInt(q.text, 10, 64)
		if err == nil && id > 0 {
			ask = cloudservice.AudienceQuery{After: id - 1, Limit: 1}
		}
		found, err := v.CloudServices.Audiences(ctx, v.caller, cloudservice.Ref{Sandbox: v.sandbox, Name: s.Name}, ask)
		if err != nil {
			return out, err
		}
		for _, a := range found {
			if id > 0 && a.ID != id {
				continue
			}
			page := "/cloud-services/" + url.PathEscape(s.Name)
			path := v.leads(page+"/audiences", page)
			if path == page+"/audiences" {
				path += "?q=" + url.QueryEscape(a.Name)
			}
			out = append(out, hit{Name: a.Name, ID: strconv.FormatInt(a.ID, 10), What: "of " + cmp.Or(s.Title, s.Name), Path: path})
		}
	}
	return out, nil
}

func findTopics(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Pipeline.Topics(ctx, v.caller)
	var out []hit
	for _, t := range all {
		if q.in(t.ID, t.Name) {
			out = append(out, hit{t.Name, t.ID, "topic", v.leads("/pipeline/topics/"+url.PathEscape(t.Name), "/topics/"+url.PathEscape(t.Name)), q.is(t.ID)})
		}
	}
	instances, failed := v.Fleet.Instances(ctx, v.caller)
	for _, i := range instances {
		if q.in(i.Name) {
			out = append(out, hit{Name: i.Name, ID: i.Name, What: "Campaign instance of " + plural(int(i.Daemons), "daemon"), Path: v.leads("/instances/" + url.PathEscape(i.Name))})
		}
	}
	return out, errors.Join(err, failed)
}

func findServices(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Services.Services(ctx, v.caller)
	return some(all, func(o *project.Offer) (hit, bool) {
		what := "can be added to a project"
		if len(o.Reasons) > 0 {
			what = "can’t be added now"
		}
		return hit{Name: o.Name, ID: o.Code, What: what, Path: v.leads("/services/"+url.PathEscape(o.Code), "/projects?service="+url.QueryEscape(o.Code))}, q.in(o.Code, o.Name)
	}), err
}

func findProfiles(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Services.Profiles(ctx, v.caller, "")
	return some(all, func(p *project.Profile) (hit, bool) {
		return hit{p.Name, p.ID, p.Service, v.leads("/admin/profiles/"+url.PathEscape(p.ID), "/admin/profiles"), q.is(p.ID)}, q.in(p.ID, p.Name, p.Description)
	}), err
}

func findPeople(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Users.List(ctx, v.caller)
	var out []hit
	for _, u := range all {
		if q.in(u.ID, u.Email, u.Name()) {
			out = append(out, hit{cmp.Or(u.Name(), u.Email), u.Email, u.Role.Words(), v.leads("/admin/users/"+url.PathEscape(u.ID), "/admin/users"), q.is(u.ID, u.Email)})
		}
	}
	return out, err
}

func findKeys(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Keys.List(ctx, v.caller)
	var out []hit
	for _, k := range all {
		if q.in(k.ID, k.Name) {
			out = append(out, hit{k.Name, k.ID, k.Scopes.String(), v.leads("/settings/keys"), q.is(k.ID)})
		}
	}
	return out, err
}

func findWebhooks(ctx context.Context, v *visit, q query) ([]hit, error) {
	all, err := v.Webhooks.List(ctx, v.caller)
	var out []hit
	for _, w := range all {
		if q.in(w.ID, w.URL, w.Description) {
			out = append(out, hit{w.URL, w.ID, w.Description, v.leads("/settings/webhooks/" + url.PathEscape(w.ID)), q.is(w.ID)})
		}
	}
	return out, err
}

// findDecisions finds why a token was refused, by the x-debug-id of the answer.
func findDecisions(ctx context.Context, v *visit, q query) ([]hit, error) {
	if len(q.text) < 8 || strings.ContainsAny(q.text, " /") {
		return nil, nil
	}
	d, err := v.Decisions.Explain(ctx, v.caller, q.text)
	if err != nil {
		if errors.Is(err, decision.ErrUnknown) {
			err = nil
		}
		return nil, err
	}
	path := v.leads("/settings/refusals?debug_id=" + url.QueryEscape(q.text))
	return []hit{{Name: d.Code + ": " + d.Says, ID: q.text, What: d.ClientID, Path: path, Exact: true}}, nil
}

// findAudit tells whether the audit record has something about an id.
func findAudit(ctx context.Context, v *visit, q query) ([]hit, error) {
	if len(q.text) < 8 || strings.Contains(q.text, " ") || v.caller.Require(access.AuditRead) != nil {
		return nil, nil
	}
	found, err := v.Audit.List(ctx, v.caller, "", audit.Selection{Subject: q.text, Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return []hit{{Name: q.text, What: "what was done to it", Path: v.leads("/audit?subject=" + url.QueryEscape(q.text))}}, nil
}

// findDocs finds errors by their slug and title, operations of the API by their name, summary and path, and shapes.
func findDocs(_ context.Context, v *visit, q query) ([]hit, error) {
	var out []hit
	for _, k := range v.reference().Problems {
		if q.in(k.Slug, k.Title) {
			out = append(out, hit{Name: k.Title, ID: k.Slug, What: k.Means, Path: "/docs/errors#" + k.Slug})
		}
	}
	for _, g := range v.reference().Groups {
		for _, o := range g.Operations {
			if q.in(o.ID, o.Summary, o.Path) {
				out = append(out, hit{Name: o.Summary, ID: o.Method + " " + o.Path, What: "API reference, " + g.Name, Path: "/docs/" + o.Group + "#" + o.ID})
			}
		}
	}
	return out, nil
}
