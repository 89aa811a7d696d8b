package web

import (
	"cmp"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// Adding an API to a project, step by step as the developer console does: service, type of credential, key pair, name,
// review, product profiles. The answers of the steps before travel in the form, so that nothing is kept half made. A key
// pair that is generated is in one answer and nowhere else.

// The steps, by what they ask for.
const (
	stepService  = "service"
	stepKind     = "kind"
	stepKey      = "key"
	stepKeep     = "keep"
	stepName     = "name"
	stepReview   = "review"
	stepProfiles = "profiles"
)

// addAPI is what has been answered so far.
type addAPI struct {
	Project   project.Project
	Workspace project.Workspace
	Offer     project.Offer
	Kind      project.Kind
	// There is the workspace's credential of the kind, which gets the API; empty when one is made.
	There       project.Credential
	Certificate string
	Name        string
	Description string
	Redirect    project.Redirect
	Profiles    []string
}

// addAPIView is the page of a step.
type addAPIView struct {
	addAPI
	Step, Path, Heading string
	Number, Of          int
	Form                *form
	Offers              []project.Offer
	KindTitle           string
	Binding             *keypair.Certificate
	// Archive is config.zip, as an address that a browser downloads.
	Archive template.URL
	Search  string
}

func (v *visit) addAPIStart() error {
	state, step, err := v.addAPIRead()
	if err != nil {
		return err
	}
	return v.addAPIShow(http.StatusOK, state, step, nil)
}

// addAPIRead reads what has been answered, and says which step is next: the first that has no answer.
func (v *visit) addAPIRead() (*addAPI, string, error) {
	if err := v.caller.RequireRole(access.Developer); err != nil {
		return nil, "", err
	}
	a := &addAPI{Kind: project.Kind(v.r.FormValue("kind")), Certificate: v.value("certificate"), Name: v.value("name"), Description: v.value("description")}
	var err error
	if a.Project, err = v.Projects.Find(v.r.Context(), v.caller, v.r.PathValue("project")); err != nil {
		return nil, "", err
	}
	if ref := v.r.FormValue("workspace"); ref != "" {
		a.Workspace, err = v.Projects.Workspace(v.r.Context(), v.caller, a.Project.ID, ref)
	} else {
		var all []project.Workspace
		if all, err = v.Projects.Workspaces(v.r.Context(), v.caller, a.Project.ID); err == nil && len(all) > 0 {
			a.Workspace = all[0]
		}
	}
	if err != nil {
		return nil, "", err
	}
	a.Redirect = project.Redirect{Default: v.value("redirect"), Patterns: lines(v.value("redirect/patterns"))}
	a.Profiles = v.r.PostForm["profiles"]
	code := v.r.FormValue("service")
	if code == "" {
		return a, stepService, nil
	}
	if a.Offer, err = v.Services.Service(v.r.Context(), v.caller, code); err != nil {
		return nil, "", err
	}
	if !slices.Contains(a.Offer.Kinds, a.Kind) {
		return a, stepKind, nil
	}
	found, err := v.Credentials.List(v.r.Context(), v.caller, project.Selection{Workspace: a.Workspace.ID, Kind: a.Kind, Page: project.Page{Limit: 1}})
	if err != nil {
		return nil, "", err
	}
	if len(found) > 0 {
		a.There = found[0]
		return a, stepReview, nil
	}
	if a.Kind == project.ServiceAccountJWT && a.Certificate == "" {
		return a, stepKey, nil
	}
	return a, stepName, nil
}

func lines(text string) []string {
	return strings.Fields(text)
}

// addAPIStep takes the answer of a step.
func (v *visit) addAPIStep() error {
	a, next, err := v.addAPIRead()
	if err != nil {
		return err
	}
	switch step := v.value("step"); step {
	case stepService, stepKind:
		return v.addAPIChosen(a, next)
	case stepKey:
		return v.addAPIKey(a)
	case stepName:
		if a.Name == "" {
			var problems finding.Problems
			problems.Wrong("/name", "the name is missing", "name it for what will use it")
			return v.addAPIShow(http.StatusUnprocessableEntity, a, stepName, problems)
		}
		return v.addAPIShow(http.StatusOK, a, stepReview, nil)
	case stepReview:
		if a.Offer.Service.Profiles {
			return v.addAPIShow(http.StatusOK, a, stepProfiles, nil)
		}
		return v.addAPISave(a)
	case stepProfiles:
		return v.addAPISave(a)
	default:
		return v.addAPIShow(http.StatusOK, a, next, nil)
	}
}

// addAPIChosen holds that what was chosen can be added.
func (v *visit) addAPIChosen(a *addAPI, next string) error {
	var problems finding.Problems
	if a.Offer.Code == "" {
		problems.Wrong("/service", "no service is chosen", "choose one")
		return v.addAPIShow(http.StatusUnprocessableEntity, a, stepService, problems)
	}
	for _, reason := range a.Offer.Reasons {
		problems.Wrong("/service", "it can’t be added: "+reason.Words(), "")
	}
	if len(problems) > 0 {
		return v.addAPIShow(http.StatusUnprocessableEntity, a, stepService, problems)
	}
	return v.addAPIShow(http.StatusOK, a, next, nil)
}

// addAPIKey takes an uploaded public key, or generates a pair.
func (v *visit) addAPIKey(a *addAPI) error {
	if v.value("do") == "generate" {
		pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: a.Project.Name, Organization: []string{v.caller.Organization}}, Now: v.Clock.Now()})
		if err != nil {
			return err
		}
		defer pair.Wipe()
		archive, err := pair.Archive()
		if err != nil {
			return err
		}
		a.Certificate = string(pair.Certificate.PEM())
		return v.addAPIPage(http.StatusOK, a, stepKeep, nil, archive)
	}
	text, problems := v.uploaded("certificate_file")
	if len(problems) == 0 {
		a.Certificate = text
		return v.addAPIShow(http.StatusOK, a, stepName, nil)
	}
	return v.addAPIShow(http.StatusUnprocessableEntity, a, stepKey, problems)
}

// uploaded reads a certificate that was uploaded, as PEM.
func (v *visit) uploaded(name string) (string, finding.Problems) {
	var problems finding.Problems
	file, _, err := v.r.FormFile(name)
	if err != nil {
		problems.Wrong("/"+name, "there is no file", "choose the public key: certificate_pub.crt, or the file that AEM lets download")
		return "", problems
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, project.MaxCertificate+1))
	if err == nil {
		var certificate *keypair.Certificate
		if certificate, err = keypair.ParseCertificate(content); err == nil {
			err = certificate.Check(v.Clock.Now())
		}
		if err == nil {
			return string(certificate.PEM()), nil
		}
	}
	if failure, ok := errors.AsType[*keypair.Error](err); ok {
		problems.Wrong("/"+name, failure.Reason, failure.Fix)
	} else {
		problems.Wrong("/"+name, "the file can't be read", "choose it anew")
	}
	return "", problems
}

// addAPISave adds the API, with what has been answered.
func (v *visit) addAPISave(a *addAPI) error {
	added, err := v.Credentials.AddService(v.r.Context(), v.caller, project.NewCredential{
		Workspace: a.Workspace.ID, Name: a.Name, Description: a.Description, Kind: a.Kind, Certificate: []byte(a.Certificate), Redirect: a.Redirect,
		Services: []project.Wish{{Service: a.Offer.Code, Profiles: a.Profiles}},
	})
	if problems, ok := told(err); ok {
		step := stepReview
		switch {
		case pointsAt(problems, "/name", "/description", "/redirect"):
			step = stepName
		case pointsAt(problems, "/certificate"):
			step = stepKey
			problems[0].Pointer = "/certificate_file"
		case pointsAt(problems, "/services"):
			step = stepProfiles
			problems[0].Pointer = "/profiles"
		}
		return v.addAPIShow(http.StatusUnprocessableEntity, a, step, problems)
	}
	if err != nil {
		return err
	}
	return v.to(projectPath(a.Project.ID) + "/added?" + url.Values{"credential": {added.Credential.ID}, "service": {a.Offer.Code}}.Encode())
}

func pointsAt(problems finding.Problems, pointers ...string) bool {
	return slices.ContainsFunc(pointers, func(p string) bool { return strings.HasPrefix(problems[0].Pointer, p) })
}

// addAPIDone confirms it, with the way to the details.
func (v *visit) addAPIDone() error {
	c, err := v.Credentials.Find(v.r.Context(), v.caller, v.r.URL.Query().Get("credential"))
	if err != nil {
		return err
	}
	names, err := v.serviceNames()
	if err != nil {
		return err
	}
	code := v.r.URL.Query().Get("service")
	view := struct {
		credentialRow
		Service, ProjectPath string
		Observer             bool
	}{v.credentialRow(c, names), cmp.Or(names[code], code), projectPath(c.Project), false}
	for _, s := range c.Services {
		for _, a := range s.Profiles {
			view.Observer = view.Observer || s.Service == code && a.Role == project.Observer
		}
	}
	return v.show(http.StatusOK, "addapi_done", view.Service+" was added", &view)
}

func (v *visit) addAPIShow(status int, a *addAPI, step string, problems finding.Problems) error {
	return v.addAPIPage(status, a, step, problems, nil)
}

// addAPIPage shows a step.
func (v *visit) addAPIPage(status int, a *addAPI, step string, problems finding.Problems, archive []byte) error {
	view := addAPIView{addAPI: *a, Step: step, Path: projectPath(a.Project.ID) + "/add-api", KindTitle: kindTitle(a.Kind), Search: v.r.FormValue("q")}
	steps := a.steps()
	view.Of, view.Number = len(steps), slices.Index(steps, step)+1
	if step == stepKeep {
		view.Number = slices.Index(steps, stepKey) + 1
	}
	if archive != nil {
		view.Archive = template.URL("data:application/zip;base64," + base64.StdEncoding.EncodeToString(archive)) //nolint:gosec // of our making
	}
	if a.Certificate != "" {
		view.Binding, _ = keypair.ParseCertificate([]byte(a.Certificate))
	}
	view.Form = v.form(view.Path, "Next").hide("step", step).hide("workspace", a.Workspace.ID).orElse(projectPath(a.Project.ID))
	if err := v.addAPIInputs(&view); err != nil {
		return err
	}
	view.Form.put(problems)
	return v.show(status, "addapi", view.Heading, &view)
}

// steps are those that this credential takes.
func (a *addAPI) steps() []string {
	steps := []string{stepService, stepKind}
	if a.There.ID == "" {
		if a.Kind == project.ServiceAccountJWT || a.Kind == "" {
			steps = append(steps, stepKey)
		}
		steps = append(steps, stepName)
	}
	return append(steps, stepReview, stepProfiles)
}

// addAPIInputs fills the form of a step; what the steps before have brought goes along.
func (v *visit) addAPIInputs(view *addAPIView) error {
	f := view.Form
	along := func(names ...string) {
		values := map[string]string{"service": view.Offer.Code, "kind": string(view.Kind), "certificate": view.Certificate, "name": view.Name,
			"description": view.Description, "redirect": view.Redirect.Default, "redirect/patterns": strings.Join(view.Redirect.Patterns, "\n")}
		for _, name := range names {
			if values[name] != "" {
				f.hide(name, values[name])
			}
		}
	}
	switch view.Step {
	case stepService:
		view.Heading = "Add an API"
		return v.addAPIServices(view)
	case stepKind:
		view.Heading = "Choose the type of authentication"
		along("service")
		f.Inputs = []*input{kindInput(&view.Offer)}
	case stepKey:
		view.Heading = "Generate a key pair, or upload your public key"
		along("service", "kind")
		f.Upload = true
		f.Inputs = []*input{text("certificate_file", "Upload your public key", "", "A certificate with an RSA key, PEM or DER: AEM’s .crt, or certificate_pub.crt.").of(fileInput)}
		f.Alternative, f.Does = "Generate a key pair", "generate"
	case stepKeep:
		view.Heading = "Keep the private key"
		along("service", "kind", "certificate")
		f.Inputs = []*input{check("kept", "I have kept config.zip", "The private key in it is on this page and nowhere else: it can’t be had again.", false).needed()}
	case stepName:
		view.Heading = "Name the credential"
		along("service", "kind", "certificate")
		f.Inputs = nameInputs(view)
	case stepReview:
		view.Heading = "Review the credentials"
		along("service", "kind", "certificate", "name", "description", "redirect", "redirect/patterns")
		if !view.Offer.Service.Profiles {
			f.Submit = "Save configured API"
		}
	case stepProfiles:
		view.Heading = "Select product profiles"
		along("service", "kind", "certificate", "name", "description", "redirect", "redirect/patterns")
		f.Submit = "Save configured API"
		f.Inputs = []*input{v.profilesInput(view)}
	}
	return nil
}

// addAPIServices lists the services, those too that can't be added, with the reason.
func (v *visit) addAPIServices(view *addAPIView) error {
	offers, err := v.Services.Services(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	choose := &input{Name: "service", Label: "Service", Kind: radioInput, Required: true}
	for _, barred := range []bool{false, true} {
		for _, o := range offers {
			if (len(o.Reasons) > 0) != barred || !contains(view.Search, o.Name, o.Code, o.Description) {
				continue
			}
			option := choiceOption{Value: o.Code, Label: o.Name, Hint: o.Description, Chosen: o.Code == view.Offer.Code}
			for _, reason := range o.Reasons {
				option.Barred += sentence(reason.Words()) + " "
			}
			choose.Options = append(choose.Options, option)
		}
	}
	workspaces, err := v.Projects.Workspaces(v.r.Context(), v.caller, view.Project.ID)
	if err != nil {
		return err
	}
	view.Form.Inputs = []*input{choose}
	if len(workspaces) > 1 {
		var all []choiceOption
		for _, w := range workspaces {
			all = append(all, choiceOption{Value: w.ID, Label: cmp.Or(w.Title, w.Name)})
		}
		view.Form.Hidden = slices.DeleteFunc(view.Form.Hidden, func(f field) bool { return f.Name == "workspace" })
		view.Form.Inputs = append([]*input{options("workspace", "Workspace", "", view.Workspace.ID, all...)}, view.Form.Inputs...)
	}
	return nil
}

// kindHints say what each type of credential is for.
var kindHints = map[project.Kind]string{
	project.ServiceAccountJWT:   "JWT Credentials (deprecated): a system proves itself by a signed assertion. What AEM 6.5 and Campaign take.",
	project.OAuthServerToServer: "A system proves itself by a client secret, without certificates. Takes the place of JWT.",
	project.OAuthWebApp:         "An application with a server, in the name of people who sign in.",
	project.OAuthSinglePageApp:  "An application in the browser, in the name of people who sign in.",
	project.OAuthNativeApp:      "An application on a device, in the name of people who sign in.",
	project.APIKey:              "A client id alone, for what is public.",
}

func kindInput(o *project.Offer) *input {
	choose := &input{Name: "kind", Label: "Type of authentication", Kind: radioInput, Required: true}
	for _, k := range project.Kinds() {
		option := choiceOption{Value: string(k), Label: kindTitle(k), Hint: kindHints[k]}
		if !slices.Contains(o.Kinds, k) {
			option.Barred = fmt.Sprintf("%s takes none of these.", o.Name)
		}
		choose.Options = append(choose.Options, option)
	}
	return choose
}

func nameInputs(view *addAPIView) []*input {
	inputs := []*input{
		text("name", "Name", view.Name, "Unique in the organization. The Admin Console shows the credential by it.").needed(),
		text("description", "Description", view.Description, "").maybe(),
	}
	if view.Kind.Redirects() {
		inputs = append(inputs, text("redirect", "Default redirect URI", view.Redirect.Default, "Where the browser comes back to.").needed(),
			text("redirect/patterns", "Redirect URI patterns", strings.Join(view.Redirect.Patterns, "\n"), "Regular expressions, one a line; each has to match the whole URI.").of(areaInput).maybe())
	}
	return inputs
}

// profilesInput lets choose among the product profiles that the person may attach. Whoever adds an API begins with all.
func (v *visit) profilesInput(view *addAPIView) *input {
	choose := &input{Name: "profiles", Label: "Product profiles", Kind: checksInput, Hint: "They say which part of the service the credential may use; one at least."}
	has := map[string]bool{}
	for _, s := range view.There.Services {
		for _, a := range s.Profiles {
			if s.Service == view.Offer.Code {
				has[a.Profile] = true
			}
		}
	}
	asked := v.value("step") == stepProfiles
	for _, p := range view.Offer.Offered {
		option := choiceOption{Value: p.ID, Label: p.Name, Hint: p.Description, Chosen: len(has) == 0 || has[p.ID]}
		if asked {
			option.Chosen = slices.Contains(view.Profiles, p.ID)
		}
		choose.Options = append(choose.Options, option)
	}
	return choose
}
