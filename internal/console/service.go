package console

import (
	"cmp"
	"slices"
	"strings"

	"latchkey/internal/project"
)

// wish asks for a service. Roles are the vendor's older way to name metascopes: they follow from the service here.
type wish struct {
	Code           string          `json:"sdkCode"`
	LicenseConfigs []licenseConfig `json:"licenseConfigs"`
}

// licenseConfig is a product profile. Of those that are asked for, the ones that are to be removed or are not selected
// are none.
type licenseConfig struct {
	Op          string `json:"op,omitempty"`
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	ProductID   string `json:"productId"`
	Description string `json:"description,omitempty"`
	Selected    *bool  `json:"selected,omitempty"`
}

func wishes(asked []wish) []project.Wish {
	out := []project.Wish{}
	for _, a := range asked {
		w := project.Wish{Service: a.Code}
		for _, l := range a.LicenseConfigs {
			if cmp.Or(l.Op, "add") == "add" && (l.Selected == nil || *l.Selected) {
				w.Profiles = append(w.Profiles, l.ID)
			}
		}
		out = append(out, w)
	}
	return out
}

// subscription says what a credential is subscribed to.
type subscription struct {
	Services []string `json:"sdkList"`
	Errors   []string `json:"errorList"`
}

func subscribed(c project.Credential) subscription {
	out := subscription{[]string{}, []string{}}
	for _, s := range c.Services {
		out.Services = append(out.Services, s.Service)
	}
	return out
}

func (s *server) subscriptionRoutes() {
	const entp = integrationsPath + "/entp/{credential}"
	s.route("PUT "+entp+"/services", s.setServices)
	s.route("POST "+entp+"/service/subscribe", s.subscribe)
	s.route("POST "+entp+"/service/unsubscribe", s.unsubscribe)
	s.route("GET "+entp+"/service/{code}/properties", s.serviceProperties)
	s.route("GET /console/organizations/{org}/services", func(r *request) (answer, error) {
		out, err := s.offers(r)
		return answer{body: out}, err
	})
	s.route("GET /console/organizations/{org}/services/v2", func(r *request) (answer, error) {
		out, err := s.offers(r)
		return answer{body: map[string]any{"orgCode": r.organization.ID, "sdkCodes": r.URL.Query().Get("sdkCodes"), "services": out}}, err
	})
}

func (s *server) setServices(r *request) (answer, error) {
	ask, err := read[[]wish](r)
	if err != nil {
		return answer{}, err
	}
	found, err := s.credential(r)
	if err != nil {
		return answer{}, err
	}
	changed, err := s.Credentials.SetServices(r.Context(), r.caller, found.ID, wishes(ask))
	return answer{body: subscribed(changed)}, err
}

func (s *server) subscribe(r *request) (answer, error) {
	ask, err := read[wish](r)
	if err != nil {
		return answer{}, err
	}
	changed, err := s.Credentials.Subscribe(r.Context(), r.caller, r.PathValue("credential"), wishes([]wish{ask})...)
	return answer{body: subscribed(changed)}, err
}

func (s *server) unsubscribe(r *request) (answer, error) {
	ask, err := read[wish](r)
	if err != nil {
		return answer{}, err
	}
	changed, err := s.Credentials.Unsubscribe(r.Context(), r.caller, r.PathValue("credential"), ask.Code)
	return answer{body: subscribed(changed)}, err
}

// offer is a service as it stands for the caller.
type offer struct {
	Name        string     `json:"name"`
	Code        string     `json:"code"`
	Enabled     bool       `json:"enabled"`
	Type        string     `json:"type"`
	Platforms   []string   `json:"platformList"`
	DocsURL     string     `json:"docsUrl"`
	Description string     `json:"description"`
	Deprecated  bool       `json:"deprecated"`
	Properties  properties `json:"properties"`
	Approval    bool       `json:"requiresApproval"`
	MayRequest  bool       `json:"canRequestAccess"`
	Entitled    bool       `json:"entitledForOrg"`
	Reasons     []string   `json:"disabledReasons"`
}

type properties struct {
	Roles          []serviceRole   `json:"roles"`
	LicenseConfigs []licenseConfig `json:"licenseConfigs"`
}

// serviceRole is a metascope.
type serviceRole struct {
	ID   int    `json:"id"`
	Code string `json:"code"`
	Name string `json:"name"`
}

func (s *server) offers(r *request) ([]offer, error) {
	var codes []string
	for code := range strings.SplitSeq(r.URL.Query().Get("sdkCodes"), ",") {
		if code = strings.TrimSpace(code); code != "" {
			codes = append(codes, code)
		}
	}
	all, err := s.Services.Services(r.Context(), r.caller, codes...)
	out := []offer{}
	for _, o := range all {
		kind := "adobeid"
		if slices.ContainsFunc(o.Kinds, project.Kind.Enterprise) {
			kind = "entp"
		}
		shown := offer{
			Name: o.Name, Code: o.Code, Enabled: len(o.Reasons) == 0, Type: kind, Platforms: platformsOf(o.Kinds), DocsURL: o.DocsURL, Description: o.Description,
			Deprecated: o.Deprecated, Properties: properties{rolesOf(o.Service), []licenseConfig{}}, Entitled: o.Entitled, Reasons: []string{},
		}
		for _, p := range o.Offered {
			shown.Properties.LicenseConfigs = append(shown.Properties.LicenseConfigs, config(p))
		}
		for _, reason := range o.Reasons {
			shown.Reasons = append(shown.Reasons, string(reason))
		}
		out = append(out, shown)
	}
	return out, err
}

func platformsOf(kinds []project.Kind) []string {
	out := []string{}
	for _, k := range kinds {
		switch k {
		case project.OAuthWebApp:
			out = append(out, "WebApp")
		case project.OAuthSinglePageApp:
			out = append(out, "SinglePageApp")
		case project.OAuthNativeApp:
			out = append(out, "NativeApp")
		case project.APIKey:
			out = append(out, "apiKey")
		case project.OAuthServerToServer:
			out = append(out, "oauth_server_to_server")
		}
	}
	return out
}

func rolesOf(s project.Service) []serviceRole {
	out := []serviceRole{}
	for i, metascope := range s.Metascopes {
		out = append(out, serviceRole{i + 1, metascope, metascope})
	}
	return out
}

func config(p project.Profile) licenseConfig {
	return licenseConfig{ID: p.ID, Name: p.Name, ProductID: p.Product, Description: p.Description}
}

// serviceProperties are those of a service on a credential.
type serviceProperties struct {
	Code           string          `json:"sdkCode"`
	Name           string          `json:"name"`
	Roles          []serviceRole   `json:"roles"`
	Scopes         []string        `json:"scopes"`
	LicenseConfigs []licenseConfig `json:"licenseConfigs"`
}

// profiles gives the organization's product profiles by their ids.
func (s *server) profiles(r *request) (map[string]project.Profile, error) {
	all, err := s.Services.Profiles(r.Context(), r.caller, "")
	out := map[string]project.Profile{}
	for _, p := range all {
		out[p.ID] = p
	}
	return out, err
}

func propertiesOf(o project.Offer, subscribed project.Subscription, profiles map[string]project.Profile) serviceProperties {
	out := serviceProperties{o.Code, o.Name, rolesOf(o.Service), append([]string{}, o.Scopes...), []licenseConfig{}}
	for _, a := range subscribed.Profiles {
		out.LicenseConfigs = append(out.LicenseConfigs, config(profiles[a.Profile]))
	}
	return out
}

// serviceProperties tells of each product profile of a service whether the credential has it.
func (s *server) serviceProperties(r *request) (answer, error) {
	found, err := s.credential(r)
	if err != nil {
		return answer{}, err
	}
	o, err := s.Services.Service(r.Context(), r.caller, r.PathValue("code"))
	if err != nil {
		return answer{}, err
	}
	all, err := s.Services.Profiles(r.Context(), r.caller, o.Code)
	if err != nil {
		return answer{}, err
	}
	configs := []licenseConfig{}
	for _, p := range all {
		selected := false
		for _, subscribed := range found.Services {
			selected = selected || subscribed.Service == o.Code && slices.ContainsFunc(subscribed.Profiles, func(a project.Attachment) bool { return a.Profile == p.ID })
		}
		shown := config(p)
		shown.Selected = &selected
		configs = append(configs, shown)
	}
	return answer{body: map[string]any{"sdkCode": o.Code, "name": o.Name, "roles": rolesOf(o.Service), "licenseConfigs": configs}}, nil
}
