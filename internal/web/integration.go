package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// Integrations are credentials in the words that the developer console had before it had projects, and that the guides for AEM and
// Target still have: New integration, Access an API, Create integration, View. Each is a project with one credential.

const (
	integrationsPath = "/integrations"
	stepAccess       = "access"
	stepDetails      = "details"
)

func (p *Pages) integrationRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + integrationsPath:            (*visit).integrationList,
		"GET " + integrationsPath + "/new":   (*visit).integrationNew,
		"POST " + integrationsPath + "/new":  (*visit).integrationNew,
		"GET " + integrationsPath + "/added": (*visit).integrationAdded,
	}
}

// projectTabs are the two ways to look at what there is.
func projectTabs(here string) tabs {
	t := tabs{Label: "Projects and integrations", Here: here}
	t.add("Projects", placeProjects)
	t.add("Integrations", integrationsPath)
	return t
}

// integrationRow is a credential with the project that it is in.
type integrationRow struct {
	credentialRow
	ProjectName, ProjectPath string
}

func (v *visit) integrationList() error {
	credentials, err := v.Credentials.List(v.r.Context(), v.caller, project.Selection{Page: project.Page{Limit: listLimit}})
	if err != nil {
		return err
	}
	projects, err := v.Projects.List(v.r.Context(), v.caller, project.Page{Limit: listLimit})
	if err != nil {
		return err
	}
	names, err := v.serviceNames()
	if err != nil {
		return err
	}
	titles := map[string]string{}
	for _, p := range projects {
		titles[p.ID] = cmp.Or(p.Title, p.Name)
	}
	view := struct {
		Tabs         tabs
		Rows         []integrationRow
		Search, Role string
		All          int
		May          bool
	}{Tabs: projectTabs("Integrations"), Search: v.r.URL.Query().Get("q"), All: len(credentials), May: v.mayDevelop(), Role: v.lacksDeveloper()}
	for _, c := range credentials {
		row := integrationRow{v.credentialRow(c, names), titles[c.Project], projectPath(c.Project)}
		if contains(view.Search, c.Name, c.Description, c.ClientID, c.ID, row.ProjectName, row.Services, row.KindTitle) {
			view.Rows = append(view.Rows, row)
		}
	}
	slices.Reverse(view.Rows)
	slices.SortStableFunc(view.Rows, func(a, b integrationRow) int { // what ends first needs somebody first
		switch {
		case a.Ends.IsZero() != b.Ends.IsZero():
			return map[bool]int{true: 1, false: -1}[a.Ends.IsZero()]
		default:
			return a.Ends.Compare(b.Ends)
		}
	})
	return v.show(http.StatusOK, "integration_list", "Integrations", &view)
}

// integrationView is a step of a new one.
type integrationView struct {
	Heading, Lead string
	Form          *form
	Binding       *keypair.Certificate
}

// integrationNew asks what the integration is for, which service, and for its details. What was answered travels in the form.
func (v *visit) integrationNew() error {
	if err := v.caller.RequireRole(access.Developer); err != nil {
		return err
	}
	if v.r.Method != http.MethodPost {
		return v.integrationAccess()
	}
	offer := project.Offer{}
	if code := v.value("service"); code != "" {
		var err error
		if offer, err = v.Services.Service(v.r.Context(), v.caller, code); err != nil {
			return err
		}
	}
	switch step := v.value("step"); {
	case step == stepAccess:
		return v.integrationService(http.StatusOK, nil)
	case offer.Code == "":
		var problems finding.Problems
		problems.Wrong("/service", "no service is chosen", "choose one")
		return v.integrationService(http.StatusUnprocessableEntity, problems)
	case len(offer.Reasons) > 0:
		var problems finding.Problems
		for _, reason := range offer.Reasons {
			problems.Wrong("/service", "it can’t be added: "+reason.Words(), "")
		}
		return v.integrationService(http.StatusUnprocessableEntity, problems)
	case step == stepService:
		return v.integrationDetails(http.StatusOK, &offer, "", nil)
	}
	return v.integrationCreate(&offer)
}

func (v *visit) integrationAccess() error {
	choose := &input{Name: "for", Label: "What is it for?", Kind: radioInput, Required: true, Options: []choiceOption{
		{Value: "api", Label: "Access an API", Hint: "A system calls a service, and proves itself by a key pair.", Chosen: true},
		{Value: "events", Label: "Receive near-real-time events", Barred: "Events come from a topic: see Pipeline. A credential with the pipeline’s service reads it."},
	}}
	view := integrationView{Heading: "Create a new integration", Lead: "Step 1 of 3.", Form: v.form(integrationsPath+"/new", "Continue", choose).hide("step", stepAccess).orElse(integrationsPath)}
	return v.show(http.StatusOK, "integration_new", view.Heading, &view)
}

func (v *visit) integrationService(status int, problems finding.Problems) error {
	offers, err := v.Services.Services(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	choose := &input{Name: "service", Label: "Which service?", Kind: radioInput, Required: true}
	for _, barred := range []bool{false, true} {
		for _, o := range offers {
			option := choiceOption{Value: o.Code, Label: o.Name, Hint: o.Description}
			for _, reason := range o.Reasons {
				option.Barred += sentence(reason.Words()) + " "
			}
			if option.Barred == "" && !slices.Contains(o.Kinds, project.ServiceAccountJWT) {
				option.Barred = "It takes no key pairs. Add it to a project."
			}
			if (option.Barred != "") == barred {
				choose.Options = append(choose.Options, option)
			}
		}
	}
	view := integrationView{Heading: "Select the service", Lead: "Step 2 of 3. Those that can’t be chosen say why.", Form: v.form(integrationsPath+"/new", "Continue", choose).hide("step", stepService).orElse(integrationsPath)}
	view.Form.put(problems)
	return v.show(status, "integration_new", view.Heading, &view)
}

// integrationDetails asks for the rest. A certificate that was taken goes along, so that it need not be chosen anew.
func (v *visit) integrationDetails(status int, offer *project.Offer, certificate string, problems finding.Problems) error {
	upload := text("certificate_file", "Public Key Certificate", "", "PEM or DER: AEM’s .crt, or certificate_pub.crt.").of(fileInput)
	inputs := []*input{
		text("name", "Name", v.value("name"), "Unique in the organization.").needed(),
		text("description", "Description", v.value("description"), "").maybe(), upload,
	}
	if offer.Service.Profiles {
		choose := &input{Name: "profiles", Label: "Product Profiles", Kind: checksInput, Hint: "Of Target they are its workspaces, to which AEM can export; one at least."}
		chosen, asked := v.r.PostForm["profiles"], v.value("step") == stepDetails
		for _, p := range offer.Offered {
			choose.Options = append(choose.Options, choiceOption{Value: p.ID, Label: p.Name, Hint: p.Description, Chosen: !asked || slices.Contains(chosen, p.ID)})
		}
		inputs = append(inputs, choose)
	}
	view := integrationView{Heading: "Integration details", Lead: "Step 3 of 3: " + offer.Name + ", by Service Account (JWT).",
		Form: v.form(integrationsPath+"/new", "Create integration", inputs...).hide("step", stepDetails).hide("service", offer.Code).orElse(integrationsPath)}
	view.Form.Upload = true
	if certificate != "" {
		view.Form.hide("certificate", certificate)
		view.Binding, _ = keypair.ParseCertificate([]byte(certificate))
	}
	view.Form.put(problems)
	return v.show(status, "integration_new", view.Heading, &view)
}

// integrationCreate makes the project and its credential; without the credential there is no project.
func (v *visit) integrationCreate(offer *project.Offer) error {
	ctx, certificate := v.r.Context(), v.value("certificate")
	text, problems := v.uploaded("certificate_file")
	switch {
	case text != "":
		certificate, problems = text, nil
	case certificate != "":
		problems = nil
	}
	if v.value("name") == "" {
		problems.Wrong("/name", "the name is missing", "name it for what will use it")
	}
	if problems.Errors() != nil {
		return v.integrationDetails(http.StatusUnprocessableEntity, offer, certificate, problems)
	}
	made, workspaces, err := v.integrationProject()
	var credential project.Credential
	if err == nil {
		credential, err = v.Credentials.Create(ctx, v.caller, project.NewCredential{
			Workspace: workspaces[0].ID, Name: v.value("name"), Description: v.value("description"), Kind: project.ServiceAccountJWT, Certificate: []byte(certificate),
			Services: []project.Wish{{Service: offer.Code, Profiles: v.r.PostForm["profiles"]}},
		})
		if err != nil {
			if undo := v.Projects.Delete(ctx, v.caller, made.ID); undo != nil {
				err = errors.Join(err, undo)
			}
		}
	}
	if problems, ok := told(err); ok {
		for i := range problems {
			switch at := problems[i].Pointer; {
			case strings.HasPrefix(at, "/certificate"):
				problems[i].Pointer = "/certificate_file"
			case strings.HasPrefix(at, "/services"):
				problems[i].Pointer = "/profiles"
			}
		}
		return v.integrationDetails(http.StatusUnprocessableEntity, offer, certificate, problems)
	}
	if err != nil {
		return err
	}
	return v.to(integrationsPath + "/added?credential=" + credential.ID)
}

// maxSameProject is how many projects are named after one name.
const maxSameProject = 20

// integrationProject makes the project, under the letters and digits of the integration's name, or one like it.
func (v *visit) integrationProject() (project.Project, []project.Workspace, error) {
	base := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, v.value("name"))
	base = cmp.Or(base[:min(len(base), 18)], "Integration")
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name += strconv.Itoa(n)
		}
		made, workspaces, err := v.Projects.Create(v.r.Context(), v.caller, project.NewProject{Name: name, Title: v.value("name"), Description: v.value("description")})
		if !errors.Is(err, project.ErrNameTaken) || n == maxSameProject {
			return made, workspaces, err
		}
	}
}

// integrationAdded confirms it, with the way to the details.
func (v *visit) integrationAdded() error {
	c, err := v.Credentials.Find(v.r.Context(), v.caller, v.r.URL.Query().Get("credential"))
	if err != nil {
		return err
	}
	names, err := v.serviceNames()
	if err != nil {
		return err
	}
	row := v.credentialRow(c, names)
	return v.show(http.StatusOK, "integration_added", "Integration created", &row)
}
