package manifest

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"latchkey/client"
	"latchkey/internal/keypair"
)

type credentialSpec struct {
	Project      string             `json:"project" doc:"The project that it is in." required:"true" refer:"Project" fixed:"true"`
	Workspace    string             `json:"workspace" doc:"The workspace of the project." required:"true" fixed:"true"`
	Kind         string             `json:"kind" doc:"How it proves who it is." required:"true" fixed:"true" enum:"service_account_jwt,oauth_server_to_server,oauth_web_app,oauth_single_page_app,oauth_native_app,api_key"`
	Description  string             `json:"description,omitempty" doc:"For people."`
	Enabled      *bool              `json:"enabled,omitempty" doc:"False keeps tokens from it."`
	Redirect     *redirectSpec      `json:"redirect,omitempty" doc:"Where browsers come back to, of kinds that have one."`
	Services     []subscriptionSpec `json:"services,omitempty" doc:"What it is subscribed to: these services and no others." key:"service"`
	Certificates []certificateSpec  `json:"certificates,omitempty" doc:"Certificates whose keys sign for it. One that is left out stays." key:"certificate"`
}

type redirectSpec struct {
	Default  string   `json:"default" doc:"The default redirect URI." required:"true"`
	Patterns []string `json:"patterns,omitempty" doc:"Patterns of redirect URIs."`
}

type subscriptionSpec struct {
	Service  string         `json:"service" doc:"The service's code." required:"true" refer:"Service"`
	Profiles []attachedSpec `json:"profiles,omitempty" doc:"Its product profiles, of a service that has them." key:"name"`
}

type attachedSpec struct {
	Name string `json:"name" doc:"The product profile's name." required:"true" refer:"ProductProfile"`
	Role string `json:"role,omitempty" doc:"The product role in it." enum:"observer,editor,approver"`
}

type certificateSpec struct {
	Certificate string `json:"certificate" doc:"The certificate in PEM. It is public." required:"true"`
	RequireJTI  bool   `json:"require_jti,omitempty" doc:"Assertions need a jti, each a new one."`
}

func credentialKind() *kind {
	return &kind{
		name: "Credential", doc: "What a system calls services with. Client ids and client secrets are made by the server and are in no file.", spec: reflect.TypeFor[credentialSpec](),
		list: listCredentials, create: createCredential, change: changeCredential, breaks: breaksCredential, check: checkCredential,
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteCredential(ctx, s.id) },
	}
}

func checkCredential(o *Object, p *Problems) {
	for i, entry := range o.Spec.Get("certificates").Items() {
		if _, err := keypair.ParseCertificate([]byte(entry.Get("certificate").Str())); err != nil {
			p.add(o, fmt.Sprintf("/certificates/%d/certificate", i), "this is no certificate", "paste the PEM file as it is, with its BEGIN and END lines, below `certificate: |`")
		}
	}
	if o.Spec.Get("kind").Str() == "service_account_jwt" && len(o.Spec.Get("certificates").Items()) == 0 {
		p.add(o, "/kind", "a service_account_jwt signs with a key, and no certificate is given", "give one below certificates, or use oauth_server_to_server")
	}
}

func listCredentials(ctx context.Context, c *client.Client) ([]*current, error) {
	projects, workspaces, err := console(ctx, c)
	if err != nil {
		return nil, err
	}
	profiles := map[string]string{}
	for p, err := range c.Profiles(ctx, "") {
		if err != nil {
			return nil, err
		}
		profiles[p.ID] = p.Name
	}
	return collect(c.Credentials(ctx, client.CredentialFilter{}), nil, func(v client.Credential) (*current, error) {
		spec := credentialSpec{Project: projects[v.Project], Workspace: workspaces[v.Workspace], Kind: v.Kind, Description: v.Description, Enabled: &v.Enabled}
		if v.Redirect != nil {
			spec.Redirect = &redirectSpec{v.Redirect.Default, v.Redirect.Patterns}
		}
		for _, s := range v.Services {
			one := subscriptionSpec{Service: s.Service}
			for _, p := range s.Profiles {
				one.Profiles = append(one.Profiles, attachedSpec{cmp.Or(profiles[p.ID], p.ID), p.Role})
			}
			slices.SortFunc(one.Profiles, func(a, b attachedSpec) int { return cmp.Compare(a.Name, b.Name) })
			spec.Services = append(spec.Services, one)
		}
		slices.SortFunc(spec.Services, func(a, b subscriptionSpec) int { return cmp.Compare(a.Service, b.Service) })
		for _, b := range v.Certificates {
			spec.Certificates = append(spec.Certificates, certificateSpec{b.PEM, b.RequireJTI})
		}
		return newCurrent("Credential", v.Name, v.ID, spec, v)
	})
}

// console gives the names of projects and workspaces by their ids.
func console(ctx context.Context, c *client.Client) (projects, workspaces map[string]string, err error) {
	projects, workspaces = map[string]string{}, map[string]string{}
	for p, err := range c.Projects(ctx) {
		if err != nil {
			return nil, nil, err
		}
		projects[p.ID] = p.Name
		for w, err := range c.Workspaces(ctx, p.ID) {
			if err != nil {
				return nil, nil, err
			}
			workspaces[w.ID] = w.Name
		}
	}
	return projects, workspaces, nil
}

func (s credentialSpec) requests() []client.SubscriptionRequest {
	out := []client.SubscriptionRequest{}
	for _, one := range s.Services {
		ask := client.SubscriptionRequest{Service: one.Service}
		for _, p := range one.Profiles {
			ask.Profiles = append(ask.Profiles, p.Name)
		}
		out = append(out, ask)
	}
	return out
}

func createCredential(ctx context.Context, c *client.Client, s *Step) (string, error) {
	spec, err := specOf[credentialSpec](s)
	if err != nil {
		return "", err
	}
	ask := client.NewCredential{
		Project: spec.Project, Workspace: spec.Workspace, Name: s.Object.Name, Description: spec.Description, Kind: spec.Kind, Services: spec.requests(),
	}
	if spec.Redirect != nil {
		ask.Redirect = &client.Redirect{Default: spec.Redirect.Default, Patterns: spec.Redirect.Patterns}
	}
	more := spec.Certificates
	if len(more) > 0 {
		ask.Certificate, ask.RequireJTI, more = more[0].Certificate, more[0].RequireJTI, more[1:]
	}
	made, err := c.CreateCredential(ctx, ask)
	if err != nil {
		return "", err
	}
	for _, one := range more {
		if _, err := c.AddCertificate(ctx, made.ID, one.Certificate, one.RequireJTI); err != nil {
			return "", err
		}
	}
	if err := setRoles(ctx, c, made.ID, spec, func(string) bool { return true }); err != nil {
		return "", err
	}
	if spec.Enabled != nil && !*spec.Enabled {
		if _, err := c.UpdateCredential(ctx, made.ID, client.CredentialPatch{Enabled: spec.Enabled}); err != nil {
			return "", err
		}
	}
	remark := "its client id is " + made.ClientID
	if made.ClientSecret.Reveal() != "" {
		remark += "; read its client secret: latchkey credential secret reveal " + made.Name
	}
	return remark, nil
}

func changeCredential(ctx context.Context, c *client.Client, s *Step) (string, error) {
	spec, err := specOf[credentialSpec](s)
	if err != nil {
		return "", err
	}
	if s.changes("description") || s.changes("enabled") || s.changes("redirect") {
		patch := client.CredentialPatch{Description: given(s, "description", spec.Description)}
		if s.changes("enabled") {
			patch.Enabled = spec.Enabled
		}
		if s.changes("redirect") && spec.Redirect != nil {
			patch.Redirect = &client.Redirect{Default: spec.Redirect.Default, Patterns: spec.Redirect.Patterns}
		}
		if _, err := c.UpdateCredential(ctx, s.id, patch); err != nil {
			return "", err
		}
	}
	if s.changes("services") {
		if _, err := c.SetSubscriptions(ctx, s.id, spec.requests()); err != nil {
			return "", err
		}
		if err := setRoles(ctx, c, s.id, spec, s.changes); err != nil {
			return "", err
		}
	}
	for _, one := range spec.Certificates {
		if s.adds("certificates/" + entryName(one.Certificate)) {
			if _, err := c.AddCertificate(ctx, s.id, one.Certificate, one.RequireJTI); err != nil {
				return "", err
			}
		}
	}
	return "", nil
}

// setRoles sets the product roles that changed.
func setRoles(ctx context.Context, c *client.Client, id string, spec credentialSpec, changed func(path string) bool) error {
	for _, service := range spec.Services {
		ids := map[string]string{}
		for _, p := range service.Profiles {
			if p.Role == "" || !changed("services/"+service.Service+"/profiles/"+p.Name) && !changed("services/"+service.Service) {
				continue
			}
			if len(ids) == 0 {
				for known, err := range c.Profiles(ctx, service.Service) {
					if err != nil {
						return err
					}
					ids[known.Name] = known.ID
				}
			}
			if _, err := c.SetProductRole(ctx, id, service.Service, cmp.Or(ids[p.Name], p.Name), p.Role); err != nil {
				return err
			}
		}
	}
	return nil
}

// breaksCredential tells what those who call with the credential lose.
func breaksCredential(s *Step) []string {
	before, ok := s.thing.(client.Credential)
	if !ok {
		return nil
	}
	use := lastUse(before)
	var out []string
	if s.Act == Delete {
		return []string{"what calls with the client id " + before.ClientID + " gets no token any more" + use}
	}
	for _, d := range s.Differences {
		code, whole := strings.CutPrefix(d.Path, "services/")
		if whole && d.After == "" && !strings.Contains(code, "/") {
			out = append(out, "tokens for "+code+" are no longer given; those that were issued work until they end"+use)
		}
		if d.Path == "enabled" && d.After == "false" {
			out = append(out, "what calls with the client id "+before.ClientID+" gets no token any more"+use)
		}
	}
	return out
}

// lastUse says when a credential was used last, and from where.
func lastUse(v client.Credential) string {
	var last client.ProofUse
	for _, secret := range v.Secrets {
		for _, u := range secret.Uses {
			if u.At.After(last.At) {
				last = u
			}
		}
	}
	for _, certificate := range v.Certificates {
		for _, u := range certificate.Uses {
			if u.At.After(last.At) {
				last = u
			}
		}
	}
	if last.At.IsZero() {
		return " (no token was ever issued to it)"
	}
	return fmt.Sprintf(" (the last was issued at %s, to %s)", last.At.UTC().Format(time.RFC3339), last.From)
}
