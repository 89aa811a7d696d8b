package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"latchkey/client"
	"latchkey/internal/campaign"
)

// valueView is what --json says of an attribute.
type valueView struct {
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
	Form      string `json:"form,omitempty"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Hides     string `json:"hides,omitempty"`
	Empty     bool   `json:"empty_override,omitempty"`
	Means     string `json:"means"`
}

// showEffective shows every value that counts, and where it comes from.
func (p *program) showEffective(instance *campaign.Instance) error {
	views := []valueView{}
	rows := [][]string{{"ATTRIBUTE", "VALUE", "FROM"}}
	for _, v := range instance.Effective() {
		view := valueView{Attribute: v.String(), Value: v.Shown(), File: v.File, Line: v.Line, Empty: v.EmptyOverride(), Means: v.Means}
		if v.Secret {
			view.Form = string(v.Form())
		}
		from := "default"
		if v.File != "" {
			from = fmt.Sprintf("%s:%d", v.File, v.Line)
		}
		if v.Hidden != nil {
			view.Hides = fmt.Sprintf("%s:%d", v.Hidden.File, v.Hidden.Line)
			from += " over " + view.Hides
		}
		if view.Empty {
			from += ", empty"
		}
		views, rows = append(views, view), append(rows, []string{view.Attribute, orDash(view.Value), from})
	}
	if p.json {
		return p.sayJSON(map[string]any{"instance": instance.Name, "grant": instance.Grant(), "items": views})
	}
	p.table(rows)
	p.tellProblems(instance)
	if retired := campaign.Retired(instance.Grant()); retired != "" && instance.Pipelined.Configured {
		p.tell("note: %s", retired)
	}
	return nil
}

// clientView is what --json says of the configured client id.
type clientView struct {
	Instance  string   `json:"instance"`
	ClientID  string   `json:"client_id"`
	File      string   `json:"file,omitempty"`
	Line      int      `json:"line,omitempty"`
	Server    string   `json:"server,omitempty"`
	Project   string   `json:"project,omitempty"`
	Workspace string   `json:"workspace,omitempty"`
	Name      string   `json:"credential,omitempty"`
	Kind      string   `json:"kind,omitempty"`
	Services  []string `json:"services,omitempty"`
}

// triggersService is what a credential is subscribed to whose daemon may consume.
const triggersService = "ExperienceCloudTriggersSDK"

// showClientID shows ims/authIMSTAClientId, and the project that has it where a server can be asked.
func (p *program) showClientID(ctx context.Context, instance *campaign.Instance) error {
	v := instance.Value(campaign.PathIMS, campaign.TechnicalClient)
	view := clientView{Instance: instance.Name, ClientID: instance.IMS.TechnicalClientID, File: v.File, Line: v.Line}
	if view.ClientID == "" {
		if p.json {
			return p.sayJSON(view)
		}
		p.say("the client id is not configured")
		p.tell("next: make a project and a credential, and put it in:\n" +
			"  latchkey project create campaign\n" +
			"  latchkey credential create campaign --project campaign --type service_account_jwt --service AdobeAnalyticsSDK --service ExperienceCloudTriggersSDK --generate --out keys\n" +
			"  nlserver config -instance:" + instance.Name + " -setimsjwtauth:ORGANIZATION/CLIENT/ACCOUNT --private-key @keys/private.key --pipelined-auth")
		return nil
	}
	found, why := p.findCredential(ctx, view.ClientID)
	if found != nil {
		view.Name, view.Kind, view.Project, view.Workspace = found.Name, found.Kind, found.Project, found.Workspace
		for _, s := range found.Services {
			view.Services = append(view.Services, s.Service)
		}
	}
	if p.json {
		return p.sayJSON(view)
	}
	p.say("%s", view.ClientID)
	p.details([][2]string{
		{"from", fmt.Sprintf("%s:%d", v.File, v.Line)}, {"project", view.Project}, {"workspace", view.Workspace},
		{"credential", strings.TrimSpace(view.Name + " " + view.Kind)}, {"services", strings.Join(view.Services, ", ")},
	})
	switch {
	case found == nil:
		p.tell("%s", why)
	case !slices.Contains(view.Services, triggersService):
		p.tell("next, for its triggers: latchkey credential service add %s %s", view.Name, triggersService)
	}
	return nil
}

// findCredential asks the server whose the client id is. Without an answer it gives the reason.
func (p *program) findCredential(ctx context.Context, id string) (*client.Credential, string) {
	c, err := p.client()
	if err != nil {
		return nil, "which project has it was not looked up, as there is no server to ask: --server, LATCHKEY_URL, or --data of a dev server"
	}
	found, err := c.Credential(ctx, id)
	if problem, ok := errors.AsType[*client.Error](err); ok && problem.Status == http.StatusNotFound {
		return nil, "the server knows no credential of this client id: it is another organization's, or the vendor's console has it"
	}
	if err != nil {
		return nil, "which project has it could not be looked up: " + err.Error()
	}
	if project, err := c.Project(ctx, found.Project); err == nil {
		found.Project = project.Name // people know it by that
	}
	return &found, ""
}
