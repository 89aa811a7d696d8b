package manifest

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"latchkey/client"
)

type serviceSpec struct {
	Title        string   `json:"title" doc:"What people read." required:"true"`
	Description  string   `json:"description,omitempty" doc:"For people."`
	Scopes       []string `json:"scopes,omitempty" doc:"What tokens for it say."`
	Metascopes   []string `json:"metascopes,omitempty" doc:"What a JWT may ask for."`
	HasProfiles  bool     `json:"has_profiles,omitempty" doc:"Subscriptions name product profiles."`
	ProductRoles bool     `json:"product_roles,omitempty" doc:"Credentials are observer, editor or approver in a product profile."`
	Kinds        []string `json:"kinds,omitempty" doc:"The kinds of credential that can subscribe." enum:"service_account_jwt,oauth_server_to_server,oauth_web_app,oauth_single_page_app,oauth_native_app,api_key"`
	AdminOnly    bool     `json:"admin_only,omitempty" doc:"Only System Administrators add it."`
	Deprecated   bool     `json:"deprecated,omitempty" doc:"It takes no new subscriptions."`
	DocsURL      string   `json:"docs_url,omitempty" doc:"Where it is described."`
}

func serviceKind() *kind {
	put := func(ctx context.Context, c *client.Client, s *Step, send func(*client.Client, context.Context, client.NewService) (client.Service, error)) (string, error) {
		// A service is replaced whole: what the file leaves out is what the server has.
		spec, err := specOf[serviceSpec](s)
		if err != nil {
			return "", err
		}
		_, err = send(c, ctx, client.NewService{
			Code: s.Object.Name, Name: spec.Title, Description: spec.Description, Scopes: spec.Scopes, Metascopes: spec.Metascopes, HasProfiles: spec.HasProfiles,
			ProductRoles: spec.ProductRoles, Kinds: spec.Kinds, AdminOnly: spec.AdminOnly, Deprecated: spec.Deprecated, DocsURL: spec.DocsURL,
		})
		return "", err
	}
	return &kind{
		name: "Service", doc: "A service of the organization's own, that credentials subscribe to. Its name is its code.", spec: reflect.TypeFor[serviceSpec](),
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			return collect(c.Services(ctx), func(v client.Service) bool { return v.Own }, func(v client.Service) (*current, error) {
				return newCurrent("Service", v.Code, v.Code, serviceSpec{
					v.Name, v.Description, v.Scopes, v.Metascopes, v.HasProfiles, len(v.ProductRoles) > 0, v.Kinds, v.AdminOnly, v.Deprecated, v.DocsURL,
				}, v)
			})
		},
		create: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			return put(ctx, c, s, (*client.Client).DeclareService)
		},
		change: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			return put(ctx, c, s, (*client.Client).RedeclareService)
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.WithdrawService(ctx, s.id) },
		breaks: func(s *Step) []string {
			if s.changes("scopes") || s.changes("metascopes") {
				return []string{"credentials that are subscribed to it get other scopes from now on"}
			}
			return nil
		},
	}
}

type entitlementSpec struct{}

func entitlementKind() *kind {
	return &kind{
		name: "Entitlement", doc: "That the organization may use a built-in service. Its name is the service's code.", spec: reflect.TypeFor[entitlementSpec](),
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			return collect(c.Services(ctx), func(v client.Service) bool { return !v.Own && v.Entitled && !v.Open }, func(v client.Service) (*current, error) {
				return newCurrent("Entitlement", v.Code, v.Code, entitlementSpec{}, v)
			})
		},
		create: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			_, err := c.Entitle(ctx, s.Object.Name)
			return "", err
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.EndEntitlement(ctx, s.id) },
	}
}

type profileSpec struct {
	Service     string `json:"service" doc:"The code of the service that it is of." required:"true" refer:"Service" fixed:"true"`
	Description string `json:"description,omitempty" doc:"For people."`
}

func profileKind() *kind {
	return &kind{
		name: "ProductProfile", doc: "Which part of a service its users and credentials may use. Its name is unique in the service.", spec: reflect.TypeFor[profileSpec](), scoped: "service",
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			return collect(c.Profiles(ctx, ""), nil, func(v client.Profile) (*current, error) {
				return newCurrent("ProductProfile", v.Name, v.ID, profileSpec{v.Service, v.Description}, v)
			})
		},
		create: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			spec, err := specOf[profileSpec](s)
			if err != nil {
				return "", err
			}
			_, err = c.CreateProfile(ctx, client.NewProfile{Service: spec.Service, Name: s.Object.Name, Description: spec.Description})
			return "", err
		},
		change: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			spec, err := specOf[profileSpec](s)
			if err != nil {
				return "", err
			}
			_, err = c.UpdateProfile(ctx, s.id, client.ProfilePatch{Description: given(s, "description", spec.Description)})
			return "", err
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteProfile(ctx, s.id) },
	}
}

type projectSpec struct {
	Title       string          `json:"title,omitempty" doc:"What people read; the name without it."`
	Description string          `json:"description,omitempty" doc:"For people."`
	Type        string          `json:"type,omitempty" doc:"What it was made of; a template makes jaeger." enum:"default,jaeger" fixed:"true"`
	Workspaces  []workspaceSpec `json:"workspaces,omitempty" doc:"Its workspaces. One that is left out stays." key:"name"`
}

type workspaceSpec struct {
	Name        string `json:"name" doc:"Unique in the project." required:"true"`
	Title       string `json:"title,omitempty" doc:"What people read."`
	Description string `json:"description,omitempty" doc:"For people."`
}

func projectKind() *kind {
	return &kind{
		name: "Project", doc: "A project of the developer console, with its workspaces.", spec: reflect.TypeFor[projectSpec](),
		list: listProjects, create: createProject, change: changeProject,
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteProject(ctx, s.id) },
	}
}

func listProjects(ctx context.Context, c *client.Client) ([]*current, error) {
	return collect(c.Projects(ctx), nil, func(v client.Project) (*current, error) {
		whole, err := c.Project(ctx, v.ID) // lists are without workspaces
		if err != nil {
			return nil, err
		}
		spec := projectSpec{Title: v.Title, Description: v.Description, Type: v.Type}
		for _, w := range whole.Workspaces {
			spec.Workspaces = append(spec.Workspaces, workspaceSpec{w.Name, w.Title, w.Description})
		}
		slices.SortFunc(spec.Workspaces, func(a, b workspaceSpec) int { return cmp.Compare(a.Name, b.Name) })
		return newCurrent("Project", v.Name, v.ID, spec, whole)
	})
}

func createProject(ctx context.Context, c *client.Client, s *Step) (string, error) {
	spec, err := specOf[projectSpec](s)
	if err != nil {
		return "", err
	}
	ask := client.NewProject{Name: s.Object.Name, Title: spec.Title, Description: spec.Description, Type: spec.Type}
	for _, w := range spec.Workspaces {
		ask.Workspaces = append(ask.Workspaces, client.NewWorkspace{Name: w.Name, Title: w.Title, Description: w.Description})
	}
	_, err = c.CreateProject(ctx, ask)
	return "", err
}

func changeProject(ctx context.Context, c *client.Client, s *Step) (string, error) {
	spec, err := specOf[projectSpec](s)
	if err != nil {
		return "", err
	}
	if s.changes("title") || s.changes("description") {
		if _, err := c.UpdateProject(ctx, s.id, client.ProjectPatch{Title: given(s, "title", spec.Title), Description: given(s, "description", spec.Description)}); err != nil {
			return "", err
		}
	}
	for _, w := range spec.Workspaces {
		of := "workspaces/" + w.Name
		if !s.changes(of) {
			continue
		}
		if s.adds(of) {
			_, err = c.CreateWorkspace(ctx, s.id, client.NewWorkspace{Name: w.Name, Title: w.Title, Description: w.Description})
		} else {
			_, err = c.UpdateWorkspace(ctx, s.id, w.Name, client.ProjectPatch{Title: given(s, of+"/title", w.Title), Description: given(s, of+"/description", w.Description)})
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}
