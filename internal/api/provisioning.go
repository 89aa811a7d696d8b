package api

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
)

// provisioningPath is where AEM takes the form that provisions its cloud services (spec/aem-target-analytics.md §2.1).
const provisioningPath = "/libs/cq/cloudservicesprovisioning/content/autoprovisioning.json"

// CloudServiceProvision is what services are provisioned from.
type CloudServiceProvision struct {
	Values map[string][]string `json:"values" doc:"The keys of AEM's form, or of marketingcloud.properties, each with its values: automaticProvisioning, servicename, target.clientcode and so on."`
}

// CloudServiceProvisioned is what was made or changed.
type CloudServiceProvisioned struct {
	Executed bool                      `json:"executed" doc:"Whether it was kept: automaticProvisioning=false checks the values alone."`
	Items    []ProvisionedCloudService `json:"items" nullable:"false"`
	Problems []Item                    `json:"problems" nullable:"false" doc:"What was noted of the values as a whole."`
}

// ProvisionedCloudService is a service that was made or changed.
type ProvisionedCloudService struct {
	Created bool         `json:"created" doc:"Whether it is new; else the one of before was changed."`
	Service CloudService `json:"cloud_service"`
}

const provisionAsks = `{"values": {"automaticProvisioning": ["true"], "servicename": ["target"], "target.clientcode": ["acme"], "target.imsconfiguration": ["acme-target"]}}`

func (s *server) provisioningRoutes(h huma.API) {
	add(s, h, operation{id: "provision-cloud-services", method: http.MethodPost, path: cloudServicesPath + "/provision", tag: cloudServiceTag,
		summary: "Provision cloud services", description: "As AEM's form does at " + provisioningPath + ", which is served too: it makes the services Provisioned Target Configuration and Provisioned Analytics Configuration, or brings them up to date. When one can't be made, none is.",
		scope: access.ConnectionsWrite, asks: provisionAsks}, s.provision)
}

func (s *server) provision(ctx context.Context, c call, in *struct{ body[CloudServiceProvision] }) (*reply[CloudServiceProvisioned], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	done, err := s.provisioned(ctx, c, ask.Values)
	if err != nil {
		return nil, err
	}
	return &reply[CloudServiceProvisioned]{done}, nil
}

func (s *server) provisioned(ctx context.Context, c call, values url.Values) (CloudServiceProvisioned, error) {
	done, err := s.CloudServices.Provision(ctx, c.caller, c.sandbox, values)
	if err != nil {
		return CloudServiceProvisioned{}, err
	}
	return CloudServiceProvisioned{
		Executed: done.Executed, Problems: append([]Item{}, problemItems(done.Problems)...),
		Items: mapped(done.Services, func(made cloudservice.Provisioned) ProvisionedCloudService {
			return ProvisionedCloudService{made.Created, savedCloudService(made.Saved)}
		}),
	}, nil
}

// provisioningForm takes AEM's form. Scripts that were written for AEM send a name and a password (RFC 7617); the password is an API
// key then, whatever the name.
func (s *server) provisioningForm(w http.ResponseWriter, r *http.Request) {
	if _, password, ok := r.BasicAuth(); ok {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+password)
	}
	c, problem := s.call(r)
	if problem == nil {
		problem = limited(s.requests, c.caller.ID)
	}
	if problem != nil {
		s.fail(w, r, problem)
		return
	}
	done, err := s.readForm(r, c)
	if err != nil {
		s.fail(w, r, s.problem(r.Context(), err))
		return
	}
	writeJSON(w, http.StatusOK, done)
}

func (s *server) readForm(r *http.Request, c call) (CloudServiceProvisioned, error) {
	const most = 64 << 10
	var err error
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" { // curl -F, as the vendor's pages have it
		err = r.ParseMultipartForm(most) //nolint:gosec // guard has bounded the body
	} else {
		err = r.ParseForm()
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return CloudServiceProvisioned{}, tooLarge
	}
	if err != nil || len(r.PostForm) == 0 {
		return CloudServiceProvisioned{}, invalid(Item{
			Pointer: "", Message: "this is no form, or an empty one",
			Fix: "send automaticProvisioning=true&servicename=target&target.clientcode=… as application/x-www-form-urlencoded or multipart/form-data",
		})
	}
	return s.provisioned(r.Context(), c, r.PostForm)
}
