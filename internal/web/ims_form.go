package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

func solutions(chosen ims.Solution) *input {
	all := []choiceOption{{Value: "", Label: "None in particular"}}
	for _, about := range ims.Solutions() {
		all = append(all, choiceOption{Value: string(about.Solution), Label: about.Title})
	}
	return options("solution", "Cloud solution", "", string(chosen), all...)
}

// imsNewForms are the ways to begin a JWT configuration.
type imsNewForms struct {
	Create, Pick *form
	Mark         string
}

func (v *visit) imsNewForms() (imsNewForms, error) {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return imsNewForms{}, err
	}
	out := imsNewForms{Mark: deprecatedMark}
	chosen := ims.Solution(v.r.FormValue("solution"))
	if v.r.Method != http.MethodPost && chosen == "" {
		chosen = ims.Target
	}
	alias := text("alias", "Alias", v.value("alias"), "Its name here: small letters, digits, dots, hyphens and underscores.").needed()
	out.Create = v.form("/ims-configurations/new", "Create certificate", solutions(chosen).needed(), alias).hide("do", "create").orElse(placeIMS)
	keys, err := v.IMS.Certificates(v.r.Context(), v.caller, v.sandbox, "")
	if err != nil {
		return out, err
	}
	var there []choiceOption
	for _, k := range keys {
		if k.Current {
			there = append(there, choiceOption{Value: k.Alias, Label: k.Alias + " (" + v.keyRow(k).Words + ")"})
		}
	}
	if len(there) > 0 {
		second := solutions(chosen).needed()
		second.Name = "for"
		pick := options("key_alias", "Certificate", "", v.value("key_alias"), there...).needed()
		out.Pick = v.form("/ims-configurations/new", "Next", second, pick).hide("do", "pick")
	}
	return out, nil
}

func (v *visit) imsNew() error {
	forms, err := v.imsNewForms()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "ims_new", "Adobe IMS Technical Account Configuration", &forms)
}

// imsBegin makes the certificate, or takes one, and keeps the draft that it belongs to.
func (v *visit) imsBegin() error {
	forms, err := v.imsNewForms()
	if err != nil {
		return err
	}
	of, alias, solution := forms.Create, v.value("alias"), v.value("solution")
	if v.value("do") == "pick" && forms.Pick != nil {
		of, alias, solution = forms.Pick, v.value("key_alias"), v.value("for")
	} else {
		_, err = v.IMS.CreateCertificate(v.r.Context(), v.caller, ims.NewCertificate{Sandbox: v.sandbox, Alias: alias})
		if errors.Is(err, ims.ErrNameTaken) {
			var problems finding.Problems
			problems.Wrong("/alias", "there is a certificate of that alias", "choose another alias, or use that certificate below")
			err = problems
		}
	}
	var made ims.Configuration
	if err == nil {
		made, err = v.imsDraft(alias, solution)
	}
	if problems, ok := told(err); ok {
		of.put(problems)
		return v.show(http.StatusUnprocessableEntity, "ims_new", "Adobe IMS Technical Account Configuration", &forms)
	}
	if err != nil {
		return err
	}
	return v.to(imsPath(&made) + "/certificate")
}

// imsDraft keeps a configuration that has its certificate alone, under the alias as its name, or one like it.
func (v *visit) imsDraft(alias, solution string) (ims.Configuration, error) {
	kind := ims.JWT
	for n := 1; ; n++ {
		name := alias
		if n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		saved, err := v.IMS.Create(v.r.Context(), v.caller, ims.Create{Sandbox: v.sandbox, Name: name, Values: ims.Values{Solution: &solution, Type: &kind, Alias: &alias}})
		if err == nil || !errors.Is(err, ims.ErrNameTaken) || n == maxSameAlias {
			return saved.Configuration, err
		}
	}
}

// maxSameAlias is how many configurations are named after one alias.
const maxSameAlias = 20

const secretKept = "Leave it empty to keep the one that is there."

// imsInputs are what a configuration of a type is asked for, with the values of c.
func imsInputs(c *ims.Configuration, aliases []string) []*input {
	title := text("title", "Title", c.Title, "What people read; your text.").needed()
	server := text("authorization_server", "Authorization Server", c.Server, "The “aud” line of the payload begins with it, as "+ims.DefaultServer+".")
	key := text("api_key", "API Key", c.ClientID, "Client ID in the console.")
	hidden := text("client_secret", "Client Secret", "", "").of(secretInput)
	if !c.Secret.Empty() {
		hidden.Hint = secretKept
	}
	if c.Type == ims.OAuth {
		key.Label = "Client ID"
		server.Value = orDefault(c.Server)
		return []*input{solutions(c.Solution), title, server, key, hidden,
			text("scopes", "Scopes", strings.Join(c.Scopes, ","), "As the console lists them, with commas.").of(areaInput),
			text("organization_id", "Organization ID", c.IMSOrganization, "As 6096892F54B5819E0A4C98A2@AdobeOrg.")}
	}
	payload := text("payload", "Payload", "", "The JSON of the console’s tab JWT, whole. It fills in organization, technical account and metascopes; its “exp” is not used, each assertion gets a new one.").of(codeInput)
	if c.TechnicalAccount != "" {
		payload.Hint = "Leave it empty to keep what there is, or paste another one."
	}
	inputs := []*input{title, server, key, hidden, payload}
	if len(aliases) > 1 {
		var all []choiceOption
		for _, a := range aliases {
			all = append(all, choiceOption{Value: a, Label: a})
		}
		inputs = append(inputs, options("key_alias", "Certificate", "", c.Alias, all...))
	}
	return append([]*input{solutions(c.Solution)}, inputs...)
}

func orDefault(server string) string {
	if server == "" {
		return ims.DefaultServer
	}
	return server
}

// imsValues reads the form. What has not been touched and is empty stays away, so that a payload can fill it in.
func (v *visit) imsValues(kind ims.Type) ims.Values {
	out := ims.Values{Title: v.given("title"), Solution: v.given("solution"), Server: v.filled("authorization_server"), ClientID: v.filled("api_key"), Alias: v.filled("key_alias")}
	if hidden := v.text("client_secret"); hidden != "" {
		out.Secret = new(secret.New(hidden))
	}
	if kind == ims.OAuth {
		out.IMSOrganization = v.filled("organization_id")
		out.Scopes = new([]string{v.value("scopes")})
		return out
	}
	out.Payload = v.filled("payload")
	return out
}

// given reads a value that the form has, even an empty one; filled one that is not empty.
func (v *visit) given(name string) *string {
	if !v.r.PostForm.Has(name) {
		return nil
	}
	return new(v.value(name))
}

func (v *visit) filled(name string) *string {
	if v.value(name) == "" {
		return nil
	}
	return new(v.value(name))
}

// refill puts what was sent back into the inputs, secrets aside.
func (v *visit) refill(inputs []*input) {
	for _, i := range inputs {
		switch i.Kind {
		case secretInput, currentInput, codeOnceInput, fileInput, readonlyInput:
		case checkInput:
			i.Checked = v.r.PostForm.Has(i.Name)
		case selectInput, radioInput:
			i.choose(v.value(i.Name))
		case checksInput:
			for n := range i.Options {
				i.Options[n].Chosen = slices.Contains(v.r.PostForm[i.Name], i.Options[n].Value)
			}
		default:
			i.Value = v.text(i.Name)
		}
	}
}

// formView is a page with a form.
type formView struct {
	Heading, Lead string
	Form          *form
}

func (v *visit) imsNewOAuth() error {
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	blank := ims.Configuration{Type: ims.OAuth, Solution: ims.Target, Scopes: ims.SuggestedScopes(ims.Target)}
	view := formView{"Adobe IMS configuration (OAuth server-to-server)", "One page, no certificate: the values stand in the console, in the credential’s details.", nil}
	view.Form = v.form("/ims-configurations/new/oauth", "Create", imsInputs(&blank, nil)...).orElse(placeIMS)
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	v.refill(view.Form.Inputs)
	values := v.imsValues(ims.OAuth)
	kind := ims.OAuth
	values.Type = &kind
	saved, err := v.IMS.Create(v.r.Context(), v.caller, ims.Create{Sandbox: v.sandbox, Values: values})
	return v.imsSaved(view, saved, err, "was created")
}

// imsSaved leads on from a form, or shows it again with what is wrong.
func (v *visit) imsSaved(view formView, saved ims.Saved, err error, what string) error {
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "ims_form", view.Heading, &view)
	}
	if err != nil {
		return err
	}
	text := "The configuration " + saved.Configuration.Name + " " + what + "."
	for _, p := range saved.Problems {
		if p.Severity != finding.Wrong {
			text += " " + sentence(p.Message) + " " + sentence(p.Fix)
		}
	}
	return v.done(imsPath(&saved.Configuration), text)
}

// imsEdit is the second step of a draft, and the properties of what is complete.
func (v *visit) imsEdit() error {
	c, err := v.IMS.Get(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	keys, err := v.IMS.Certificates(v.r.Context(), v.caller, v.sandbox, "")
	if err != nil {
		return err
	}
	var aliases []string
	for _, k := range keys {
		if k.Current {
			aliases = append(aliases, k.Alias)
		}
	}
	view := formView{"Properties of " + c.Name, "What has had a token is asked for another with the new values first, and keeps the old ones when that is refused.", nil}
	submit := "Save"
	if c.State() == ims.Draft {
		view.Heading, view.Lead, submit = "Complete the IMS configuration "+c.Name, "The values are those of the credential in the developer console.", "Create"
	}
	view.Form = v.form(imsPath(&c)+"/edit", submit, imsInputs(&c, aliases)...).orElse(imsPath(&c))
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	v.refill(view.Form.Inputs)
	saved, err := v.IMS.Edit(v.r.Context(), v.caller, v.imsRef(), v.imsValues(c.Type))
	return v.imsSaved(view, saved, err, map[string]string{"Create": "is complete. Check its health now", "Save": "was saved"}[submit])
}

// imsMigrate leads from JWT to OAuth on the same client id.
func (v *visit) imsMigrate() error {
	c, err := v.IMS.Get(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	if err := v.caller.Require(access.ConnectionsWrite); err != nil {
		return err
	}
	scopes := ims.SuggestedScopes(c.Solution)
	if c.Migration != nil {
		scopes = c.Migration.Scopes
	}
	view := formView{"Migrate " + c.Name + " to OAuth", "On the same client id. In the console, add OAuth server-to-server to the credential first. The JWT part serves on until a token was had by OAuth, so that nothing stops in between.", nil}
	view.Form = v.form(imsPath(&c)+"/migrate", "Migrate",
		text("client_secret", "Client Secret", "", "Of the OAuth credential. Empty takes the one that is kept.").of(secretInput),
		text("scopes", "Scopes", strings.Join(scopes, ","), "As the console lists them, with commas.").of(areaInput)).orElse(imsPath(&c))
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "ims_form", view.Heading, &view)
	}
	v.refill(view.Form.Inputs)
	ask := ims.Migrate{Secret: secret.New(v.text("client_secret"))}
	if list := v.value("scopes"); list != "" {
		ask.Scopes = []string{list}
	}
	got, err := v.IMS.Migrate(v.r.Context(), v.caller, v.imsRef(), ask)
	if err == nil && got.Refused != nil {
		var problems finding.Problems
		problems.Wrong("", "no token was had by OAuth, and the JWT part serves on: "+got.Refused.Message, adviceText(got.Refused))
		err = problems
	}
	return v.imsSaved(view, ims.Saved{Configuration: got.Configuration}, err, "takes its tokens by OAuth now; its certificate is not needed any more")
}

func adviceText(l *finding.Layer) string {
	var texts []string
	for _, a := range l.Advice {
		texts = append(texts, strings.TrimSpace(a.Do+" "+a.Where))
	}
	return strings.Join(texts, "; ")
}

func (v *visit) imsCancelMigration() error {
	c, err := v.IMS.CancelMigration(v.r.Context(), v.caller, v.imsRef())
	if err != nil {
		return err
	}
	return v.done(imsPath(&c), "The migration was cancelled; the JWT part serves on.")
}
