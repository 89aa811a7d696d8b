package manifest

import (
	"cmp"
	"context"
	"reflect"

	"latchkey/client"
)

type cloudServiceSpec struct {
	Kind           string         `json:"kind" doc:"The product." required:"true" fixed:"true" enum:"target,analytics"`
	Title          string         `json:"title,omitempty" doc:"What people call it."`
	Authentication string         `json:"authentication,omitempty" doc:"credentials are those of the products' older APIs." enum:"ims,credentials"`
	Configuration  string         `json:"ims_configuration,omitempty" doc:"The IMS configuration whose token it calls with." refer:"IMSConfiguration"`
	Secret         Reference      `json:"secret,omitempty" doc:"The password of Target Classic, or the shared secret of Analytics 1.4."`
	Target         *targetSpec    `json:"target,omitempty" doc:"The settings of a service of Target."`
	Analytics      *analyticsSpec `json:"analytics,omitempty" doc:"The settings of a service of Analytics."`
}

type targetSpec struct {
	TenantID          string `json:"tenant_id,omitempty" doc:"The tenant."`
	ClientCode        string `json:"client_code,omitempty" doc:"The client code."`
	Email             string `json:"email,omitempty" doc:"The user of Target Classic."`
	APIType           string `json:"api_type,omitempty" doc:"rest or xml."`
	Workspace         string `json:"workspace,omitempty" doc:"The id of the workspace of Target Premium."`
	A4T               string `json:"a4t_configuration,omitempty" doc:"The service of Analytics that reports." refer:"CloudService"`
	AccurateTargeting *bool  `json:"accurate_targeting,omitempty" doc:"Whether targeting waits for the profile."`
	SyncAudiences     *bool  `json:"sync_audiences,omitempty" doc:"Whether audiences are synced."`
	Library           string `json:"library,omitempty" doc:"The client library."`
	LibraryURL        string `json:"library_url,omitempty" doc:"Where a library of one's own is."`
}

type analyticsSpec struct {
	Company           string   `json:"company,omitempty" doc:"The company."`
	Username          string   `json:"username,omitempty" doc:"The user of Analytics 1.4."`
	DataCenter        string   `json:"data_center,omitempty" doc:"The data centre of Analytics 1.4."`
	ReportSuites      []string `json:"report_suites,omitempty" doc:"The report suites."`
	Segment           string   `json:"segment,omitempty" doc:"A segment."`
	A4T               *bool    `json:"a4t,omitempty" doc:"Whether it reports for Target."`
	Digest            string   `json:"digest,omitempty" doc:"How requests to Analytics 1.4 are signed." enum:"sha256,sha1"`
	NoTag             *bool    `json:"no_tracking_tag,omitempty" doc:"Leaves the tracking tag out."`
	NoPageLoad        *bool    `json:"no_page_load_event,omitempty" doc:"Leaves the page load event out."`
	AppMeasurement    *bool    `json:"app_measurement,omitempty" doc:"Loads AppMeasurement."`
	ClientContext     *bool    `json:"client_context,omitempty" doc:"Sends the client context."`
	AdditionalContext *bool    `json:"additional_context_data,omitempty" doc:"Sends additional context data."`
}

func cloudServiceKind() *kind {
	return &kind{
		name: "CloudService", doc: "A configured use of Adobe Target or Adobe Analytics.", spec: reflect.TypeFor[cloudServiceSpec](),
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			all, err := client.Collect(c.CloudServices(ctx))
			if err != nil {
				return nil, err
			}
			names := map[string]string{}
			for _, v := range all {
				names[v.ID] = v.Name
			}
			var out []*current
			for _, v := range all {
				one, err := showCloudService(v, names)
				if err != nil {
					return nil, err
				}
				out = append(out, one)
			}
			return out, nil
		},
		create: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			values, err := cloudServiceValues(s)
			if err != nil {
				return "", err
			}
			made, err := c.CreateCloudService(ctx, client.NewCloudService{Kind: s.want.Get("kind").Str(), Name: s.Object.Name, CloudServiceValues: values})
			return missing(made.Missing), err
		},
		change: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			values, err := cloudServiceValues(s)
			if err != nil {
				return "", err
			}
			changed, err := c.UpdateCloudService(ctx, s.id, values)
			return missing(changed.Missing), err
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteCloudService(ctx, s.id) },
		compare: func(ctx context.Context, c *client.Client, s *Step) ([]Difference, error) {
			return compareSecret(s, "secret", func(value string) (bool, error) {
				compared, err := c.CompareCloudService(ctx, s.id, value)
				return compared.Same, err
			})
		},
		breaks: func(s *Step) []string {
			before, ok := s.thing.(client.CloudService)
			if !ok || before.Status != "connected" {
				return nil
			}
			if s.Act == Delete {
				return []string{"pages that use it lose what they send to the product; in the product nothing is removed"}
			}
			if s.changes("ims_configuration") || s.changes("secret") || s.changes("authentication") {
				return []string{"it has to be connected again: latchkey cloud-service connect " + s.Object.Name}
			}
			return nil
		},
	}
}

// showCloudService gives a service; names are those of all by their ids.
func showCloudService(v client.CloudService, names map[string]string) (*current, error) {
	spec := cloudServiceSpec{Kind: v.Kind, Title: v.Title, Authentication: v.Authentication, Configuration: v.Configuration, Secret: Reference(v.Secret)}
	if t := v.Target; t != nil {
		spec.Target = &targetSpec{
			t.TenantID, t.ClientCode, t.Email, t.APIType, t.Workspace, cmp.Or(names[t.A4T], t.A4T), &t.AccurateTargeting, &t.SyncAudiences, t.Library, t.LibraryURL,
		}
	}
	if a := v.Analytics; a != nil {
		t := &a.Tracking
		spec.Analytics = &analyticsSpec{
			a.Company, a.Username, a.DataCenter, a.ReportSuites, a.Segment, &a.A4T, a.Digest, &t.NoTag, &t.NoPageLoad, &t.AppMeasurement, &t.ClientContext, &t.AdditionalContext,
		}
	}
	return newCurrent("CloudService", v.Name, v.ID, spec, v)
}

func cloudServiceValues(s *Step) (client.CloudServiceValues, error) {
	spec, err := specOf[cloudServiceSpec](s)
	out := client.CloudServiceValues{
		Title: given(s, "title", spec.Title), Authentication: given(s, "authentication", spec.Authentication), Configuration: given(s, "ims_configuration", spec.Configuration),
		Secret: given(s, "secret", string(spec.Secret)),
	}
	if t := spec.Target; t != nil && s.changes("target") {
		at := func(name, value string) *string { return given(s, "target/"+name, value) }
		out.Target = &client.CloudServiceTargetValues{
			TenantID: at("tenant_id", t.TenantID), ClientCode: at("client_code", t.ClientCode), Email: at("email", t.Email), APIType: at("api_type", t.APIType),
			Workspace: at("workspace", t.Workspace), A4T: at("a4t_configuration", t.A4T), AccurateTargeting: t.AccurateTargeting, SyncAudiences: t.SyncAudiences,
			Library: at("library", t.Library), LibraryURL: at("library_url", t.LibraryURL),
		}
	}
	if a := spec.Analytics; a != nil && s.changes("analytics") {
		at := func(name, value string) *string { return given(s, "analytics/"+name, value) }
		out.Analytics = &client.CloudServiceAnalyticsValues{
			Company: at("company", a.Company), Username: at("username", a.Username), DataCenter: at("data_center", a.DataCenter),
			ReportSuites: given(s, "analytics/report_suites", listed(a.ReportSuites)), Segment: at("segment", a.Segment), A4T: a.A4T, Digest: at("digest", a.Digest),
			NoTag: a.NoTag, NoPageLoad: a.NoPageLoad, AppMeasurement: a.AppMeasurement, ClientContext: a.ClientContext, AdditionalContext: a.AdditionalContext,
		}
	}
	return out, err
}
