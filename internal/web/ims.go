package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
)

// The pages of IMS configurations: the list, at AEM's own path too, and one configuration. Making and changing them is in
// ims_form.go, their certificates in ims_certificate.go.

func (p *Pages) imsRoutes() map[string]func(*visit) error {
	const one = "/ims-configurations/{name}"
	return map[string]func(*visit) error{
		"GET " + placeIMS:                      (*visit).imsList,
		"GET /ims-configurations":              (*visit).imsListElsewhere,
		"GET /ims-configurations/new":          (*visit).imsNew,
		"POST /ims-configurations/new":         (*visit).imsBegin,
		"GET /ims-configurations/new/oauth":    (*visit).imsNewOAuth,
		"POST /ims-configurations/new/oauth":   (*visit).imsNewOAuth,
		"GET " + one:                           (*visit).imsItem,
		"GET " + one + "/certificate":          (*visit).imsPublicKey,
		"GET " + one + "/edit":                 (*visit).imsEdit,
		"POST " + one + "/edit":                (*visit).imsEdit,
		"GET " + one + "/check":                (*visit).imsCheck,
		"POST " + one + "/check":               (*visit).imsCheck,
		"GET " + one + "/migrate":              (*visit).imsMigrate,
		"POST " + one + "/migrate":             (*visit).imsMigrate,
		"POST " + one + "/migrate/cancel":      (*visit).imsCancelMigration,
		"GET " + one + "/delete":               (*visit).imsDelete,
		"POST " + one + "/delete":              (*visit).imsDelete,
		"GET " + keyPath + "/{version}/public": (*visit).imsDownload,
		"POST " + keyPath + "/rotate":          (*visit).imsRotate,
		"POST " + keyPath + "/switch":          (*visit).imsSwitch,
		"POST " + keyPath + "/remove":          (*visit).imsRemoveKey,
	}
}

// imsRow is a configuration as the list shows it.
type imsRow struct {
	ims.Configuration
	Path string
	// Deprecated is the mark of what the vendor has retired.
	Deprecated bool
	// Says is its state in a sentence, Tone the colour; Next is what to do about it, at NextPath.
	Says, Tone, Next, NextPath string
	Key                        *keyRow
}

// deprecatedMark is how the vendor marks these.
const deprecatedMark = "JWT Credentials (deprecated)"

func imsPath(c *ims.Configuration) string {
	if c.Name == "new" { // whose page is another
		return "/ims-configurations/" + c.ID
	}
	return "/ims-configurations/" + url.PathEscape(c.Name)
}

func (v *visit) imsRef() ims.Ref { return ims.Ref{Sandbox: v.sandbox, Name: v.r.PathValue("name")} }

func (v *visit) imsListElsewhere() error {
	return v.to(placeIMS)
}

func (v *visit) imsList() error {
	all, err := v.IMS.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return err
	}
	keys, err := v.IMS.Certificates(v.r.Context(), v.caller, v.sandbox, "")
	if err != nil {
		return err
	}
	search := v.r.URL.Query().Get("q")
	view := struct {
		Rows         []imsRow
		Search       string
		All          int
		May          bool
		Unused       []keyRow
		Sandbox      string
		Role, Mark   string
		CSRF, Action string
	}{Search: search, All: len(all), May: v.may(access.ConnectionsWrite), Sandbox: v.sandbox, Mark: deprecatedMark, CSRF: v.csrf()}
	used := map[string]bool{}
	for _, c := range all {
		used[c.Alias] = true
		if contains(search, c.Name, c.Title, c.ClientID, c.Solution.Title(), c.ID) {
			view.Rows = append(view.Rows, v.imsRow(c, keys))
		}
	}
	for _, k := range keys {
		if k.Current && !used[k.Alias] {
			view.Unused = append(view.Unused, v.keyRow(k))
		}
	}
	view.Role = v.lacks(access.ConnectionsWrite, "make and check IMS configurations")
	return v.show(http.StatusOK, "ims_list", "Adobe IMS configurations", &view)
}

// contains tells whether one of the texts has what was looked for, whatever the case.
func contains(search string, texts ...string) bool {
	search = strings.ToLower(strings.TrimSpace(search))
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), search) })
}

// lacks says in a sentence that the person may look alone; "" when it may do more.
func (v *visit) lacks(scope access.Scope, what string) string {
	if v.may(scope) {
		return ""
	}
	return "You are " + v.caller.Role.Words() + " here and may look. To " + what + " takes the role " + access.SystemAdministrator.Words() + "."
}

func (v *visit) imsRow(c ims.Configuration, keys []ims.Key) imsRow {
	row := imsRow{Configuration: c, Path: imsPath(&c), Deprecated: c.Type == ims.JWT}
	for _, k := range keys {
		if k.Current && k.Alias == c.Alias && c.Type == ims.JWT {
			shown := v.keyRow(k)
			row.Key = &shown
		}
	}
	v.imsState(&row)
	return row
}

// imsState says how a configuration stands, and what is to be done next.
func (v *visit) imsState(row *imsRow) {
	missing := row.Missing()
	switch {
	case row.State() == ims.Draft && row.Type == ims.JWT && row.ClientID == "" && row.Alias != "":
		row.stands("A draft: the certificate is there, the account's values are missing.", "warn", "Go on", row.Path+"/certificate")
	case row.State() == ims.Draft:
		row.stands("A draft that lacks "+strings.Join(worded(missing), ", ")+".", "warn", "Complete", row.Path+"/edit")
	case row.Key != nil && row.Key.Left != nil && *row.Key.Left < 0:
		row.stands("Its certificate has expired: no token comes any more.", "bad", "Renew the certificate", row.Path+"#certificate")
	case row.Key != nil && row.Key.Left != nil && *row.Key.Left <= soonDays:
		row.stands("Works; its certificate ends in "+plural(*row.Key.Left, "day")+".", "warn", "Renew the certificate", row.Path+"#certificate")
	case row.Migration != nil:
		row.stands("Is being migrated to OAuth; the JWT part still serves.", "warn", "Go on", row.Path+"/migrate")
	case row.State() == ims.Ready:
		row.stands("Complete; no token was asked for yet.", "", "Check Health", row.Path+"/check")
	default:
		row.stands("Has had a token.", "good", "Check Health", row.Path+"/check")
	}
}

// stands notes how it stands.
func (r *imsRow) stands(text, tone, next, path string) {
	r.Says, r.Tone, r.Next, r.NextPath = text, tone, next, path
}

// soonDays is when the end of a certificate is near.
const soonDays = 30

// words say the API's names as the pages have them.
var words = map[string]string{
	"authorization_server": "the authorization server", "api_key": "the API key", "client_secret": "the client secret", "scopes": "the scopes",
	"organization_id": "the organization id", "technical_account": "the technical account", "metascopes": "the metascopes", "key_alias": "a certificate",
	"ims_configuration": "an IMS configuration", "secret": "the password or shared secret", "target.tenant_id": "the tenant id", "target.client_code": "the client code",
	"target.email": "the e-mail address", "analytics.company": "the company", "analytics.username": "the user name",
}

func worded(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = cmp.Or(words[name], name)
	}
	return out
}

// imsItem shows one configuration.
func (v *visit) imsItem() error {
	c, err := v.IMS.Get(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	view := struct {
		imsRow
		Facts    []fact
		Versions []keyRow
		Waits    bool
		Services []cloudservice.Service
		May      bool
		Role     string
		Mark     string
		Acts     map[string]*form
	}{May: v.may(access.ConnectionsWrite), Mark: deprecatedMark, Role: v.lacks(access.ConnectionsWrite, "check or change it")}
	var keys []ims.Key
	if c.Alias != "" {
		if keys, err = v.IMS.Certificates(v.r.Context(), v.caller, v.sandbox, c.Alias); err != nil {
			return err
		}
	}
	view.imsRow = v.imsRow(c, keys)
	view.Facts = imsFacts(&c)
	for _, k := range keys {
		view.Versions = append(view.Versions, v.keyRow(k))
	}
	view.Waits = len(keys) > 0 && !keys[len(keys)-1].Current
	services, err := v.CloudServices.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return err
	}
	view.Services = slices.DeleteFunc(services, func(s cloudservice.Service) bool { return s.Configuration != c.Name })
	if c.Alias != "" {
		base := "/ims-certificates/" + url.PathEscape(c.Alias)
		view.Acts = map[string]*form{
			"rotate": v.form(base+"/rotate", "Add the next certificate").hide("back", view.Path),
			"switch": v.form(base+"/switch", "Let the newest sign").hide("back", view.Path),
		}
		for i := range view.Versions {
			k := &view.Versions[i]
			k.Remove = v.form(base+"/remove", "Remove").hide("back", view.Path).hide("version", strconv.Itoa(k.Version)).orElse(view.Path)
		}
	}
	return v.show(http.StatusOK, "ims_item", cmp.Or(c.Title, c.Name), &view)
}

func imsFacts(c *ims.Configuration) []fact {
	secret := "not entered yet"
	if !c.Secret.Empty() {
		secret = "kept, and never shown"
	}
	facts := []fact{{"Cloud solution", c.Solution.Title(), false}, {"Authorization server", c.Server, true}, {"API key (client id)", c.ClientID, true}, {"Client secret", secret, false},
		{"Organization", c.IMSOrganization, true}}
	if c.Type == ims.JWT {
		facts = append(facts, fact{"Technical account", c.TechnicalAccount, true}, fact{"Metascopes", strings.Join(c.Metascopes, ", "), false}, fact{"Certificate alias", c.Alias, false})
	} else {
		facts = append(facts, fact{"Scopes", strings.Join(c.Scopes, ", "), false})
	}
	facts = append(facts, fact{"Id", c.ID, true}, fact{"Made", c.CreatedAt.UTC().Format(time.DateTime) + " UTC", false})
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// imsCheckView is the page of Check Health.
type imsCheckView struct {
	imsRow
	Form *form
	// Mark is where the layers go, as they are looked at; "" before.
	Mark string
	// Report is what was found; Failed names the layer that did.
	Report *ims.Report
	Failed string
}

// imsCheck is Check Health: the page with the button, and what is found as it is found.
func (v *visit) imsCheck() error {
	c, err := v.IMS.Get(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	view := imsCheckView{imsRow: imsRow{Configuration: c, Path: imsPath(&c)}, Form: v.form(imsPath(&c)+"/check", "Check").orElse(imsPath(&c))}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	title := "Check Health of " + cmp.Or(c.Title, c.Name)
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_check", title, &view)
	}
	view.Mark = streamMark()
	out, ok := v.unroll("ims_check", title, view.Mark, &view)
	if !ok {
		return nil
	}
	report, err := v.IMS.Watch(v.r.Context(), v.caller, v.imsRef(), func(layer finding.Layer) { out.part("layer", layer) })
	if err != nil {
		out.broken(err)
		return nil
	}
	view.Report, view.Form.Submit = &report, "Check again"
	if failed := report.Failed(); failed != nil {
		view.Failed = layerName(failed.Name)
	}
	out.part("check-end", &view)
	out.end()
	return nil
}

func (v *visit) imsDelete() error {
	c, err := v.IMS.Get(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	if !v.confirmed(c.Name) {
		return v.confirm(confirmation{What: "the IMS configuration", Name: c.Name,
			Goes: "the configuration with its client secret and the token that it holds.", Stays: "the certificate under its alias, and the credential in the console."}, imsPath(&c)+"/delete", imsPath(&c))
	}
	if err := v.IMS.Delete(v.r.Context(), v.caller, v.imsRef()); err != nil {
		return err
	}
	return v.done(placeIMS, "The IMS configuration "+c.Name+" was deleted.")
}
