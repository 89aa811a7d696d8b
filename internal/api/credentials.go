package api

import (
	"context"
	"crypto/x509/pkix"
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/keypair"
	"latchkey/internal/project"
)

// CreatedCredential is a credential with what is shown once.
type CreatedCredential struct {
	Credential
	ClientSecret string `json:"client_secret,omitempty" doc:"The first client secret, of kinds that have one." example:"p8e-…"`
	ConfigZip    string `json:"config_zip,omitempty" doc:"With generate_key_pair: private.key and certificate_pub.crt in a ZIP archive, in base64. The private key is in this answer and nowhere else." example:"UEsDBBQ…"`
}

// NewCredential asks for a credential.
type NewCredential struct {
	Project         string                `json:"project,omitempty" doc:"The project's id or name; not needed with a workspace's id." example:"Moviestar"`
	Workspace       string                `json:"workspace,omitempty" doc:"The workspace's id, or its name in the project; not needed where the project has one alone." example:"Production"`
	Name            string                `json:"name" doc:"Unique in the organization." example:"moviestar-target"`
	Description     string                `json:"description,omitempty"`
	Kind            string                `json:"kind" doc:"service_account_jwt, oauth_server_to_server, oauth_web_app, oauth_single_page_app, oauth_native_app or api_key." example:"oauth_server_to_server"`
	Certificate     string                `json:"certificate,omitempty" doc:"PEM, or DER in base64. A service_account_jwt needs one; of other confidential kinds it is for private_key_jwt."`
	GenerateKeyPair bool                  `json:"generate_key_pair,omitempty" doc:"In the place of a certificate: make a key pair here, good for 365 days."`
	RequireJTI      bool                  `json:"require_jti,omitempty" doc:"Assertions need a jti, each a new one."`
	Redirect        *Redirect             `json:"redirect,omitempty" doc:"Of kinds that a browser comes back to."`
	Services        []SubscriptionRequest `json:"services,omitempty" doc:"What to subscribe to from the start."`
}

// SubscriptionRequest asks for a service.
type SubscriptionRequest struct {
	Service  string   `json:"service" doc:"Its code." example:"AdobeTargetSDK"`
	Profiles []string `json:"profiles,omitempty" doc:"Ids or names of product profiles, one at least where the service has them." example:"[\"419584532\"]"`
}

// CredentialPatch changes a credential.
type CredentialPatch struct {
	Name        *string   `json:"name,omitempty"`
	Description *string   `json:"description,omitempty"`
	Enabled     *bool     `json:"enabled,omitempty" doc:"False keeps tokens from it until it is enabled again."`
	Redirect    *Redirect `json:"redirect,omitempty" doc:"Replaces where browsers come back to."`
}

type (
	credentialRef struct {
		Ref string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
	}
	patchCredential struct {
		Ref string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		body[CredentialPatch]
	}
	listCredentials struct {
		Project   string `query:"project" doc:"Only those of the project of this id or name."`
		Workspace string `query:"workspace" doc:"Only those of the workspace of this id, or of this name in the project."`
		Kind      string `query:"kind" doc:"Only those of the kind." example:"service_account_jwt"`
		Service   string `query:"service" doc:"Only those subscribed to the service of this code."`
		Profile   string `query:"profile" doc:"Only those with the product profile of this id."`
		Paging
	}
)

const (
	credentialMembers = `"id": "4566206088344958807", "name": "moviestar-target", "description": "", "kind": "oauth_server_to_server", "client_id": "e053e1a87cf74c68a6ec8e71d4a82662",
  "organization": "6096892F54B5819E0A4C98A2@AdobeOrg", "project": "4566206088344958295", "workspace": "4566206088344958551", "enabled": true,
  "technical_account": {"id": "D8E157165FC0EAE10A495E8C@techacct.adobe.com", "email": "c9adf360-3840-41b2-ade3-efc09df14811@techacct.adobe.com"}, "redirect": null,
  "services": [{"service": "AdobeTargetSDK", "profiles": [{"id": "419584532", "role": "observer"}]}],
  "scopes": ["openid", "AdobeID", "target_sdk"], "metascopes": ["ent_marketing_sdk"],
  "secrets": [{"uuid": "11ede8ab42f138f3abe335d886a407fb", "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "last_used_at": null, "uses": []}],
  "certificates": [], "migration": {"state": "none", "at": null},
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "updated_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "updated_at": "2026-11-21T09:30:00Z"`
	credentialAnswer        = `{` + credentialMembers + `}`
	createdCredentialAnswer = `{` + credentialMembers + `, "client_secret": "p8e-…"}`
	credentialsPath         = apiPrefix + "/credentials"
)

func (s *server) credentialRoutes(h huma.API) {
	const one = credentialsPath + "/{ref}"
	const tag = "Credentials"
	add(s, h, operation{id: "create-credential", method: http.MethodPost, path: credentialsPath, tag: tag, status: http.StatusCreated,
		summary: "Make a credential", description: "A `service_account_jwt` needs a key pair: send the certificate of one that you made, or have one generated, whose private key is in this answer and stored nowhere. (Such an answer is not kept for a repeat with the same Idempotency-Key; the repeat ends with `name_taken`.) Takes the role Developer.",
		scope: access.RegistryWrite, asks: `{"project": "Moviestar", "name": "moviestar-target", "kind": "oauth_server_to_server", "services": [{"service": "AdobeTargetSDK", "profiles": ["419584532"]}]}`,
		answers: createdCredentialAnswer, fails: []*Kind{kindNotFound, kindNameTaken, kindQuota, kindNotOffered}, idempotent: true}, s.createCredential)
	add(s, h, operation{id: "list-credentials", method: http.MethodGet, path: credentialsPath, tag: tag,
		summary: "List credentials", description: "In the order of their ids.", scope: access.RegistryRead, fails: []*Kind{kindNotFound}}, s.listCredentials)
	add(s, h, operation{id: "get-credential", method: http.MethodGet, path: one, tag: tag,
		summary: "Read a credential", description: "With when and from where its secrets and certificates were used.", scope: access.RegistryRead, answers: credentialAnswer, fails: []*Kind{kindNotFound}}, s.getCredential)
	add(s, h, operation{id: "patch-credential", method: http.MethodPatch, path: one, tag: tag,
		summary: "Change a credential", scope: access.RegistryWrite, asks: `{"enabled": false}`, answers: credentialAnswer,
		fails: []*Kind{kindNotFound, kindNameTaken, kindState}}, s.patchCredential)
	add(s, h, operation{id: "delete-credential", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Delete a credential", description: "Tokens that it has got live on until they end.", scope: access.RegistryWrite, fails: []*Kind{kindNotFound}}, s.deleteCredential)
}

func (s *server) createCredential(ctx context.Context, c call, in *struct{ body[NewCredential] }) (*created[CreatedCredential], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	workspace, err := s.workspaceOf(ctx, c.caller, ask.Project, ask.Workspace)
	if err != nil {
		return nil, err
	}
	want := project.NewCredential{
		Workspace: workspace.ID, Name: ask.Name, Description: ask.Description, Kind: project.Kind(ask.Kind), Certificate: []byte(ask.Certificate),
		RequireJTI: ask.RequireJTI, Services: wishes(ask.Services),
	}
	if ask.Redirect != nil {
		want.Redirect = project.Redirect(*ask.Redirect)
	}
	var archive string
	if ask.GenerateKeyPair {
		if want.Certificate, archive, err = s.keyPair(ctx, c, want); err != nil {
			return nil, err
		}
	}
	made, err := s.Credentials.Create(ctx, c.caller, want)
	if err != nil {
		return nil, err
	}
	shown, err := s.shown(ctx, c, made)
	if err != nil {
		return nil, err
	}
	out := CreatedCredential{Credential: shown, ConfigZip: archive}
	if len(made.Secrets) > 0 {
		out.ClientSecret = made.Secrets[0].Value.Reveal()
	}
	return &created[CreatedCredential]{Location: credentialsPath + "/" + url.PathEscape(made.ID), Body: out}, nil
}

// keyPair makes a pair for a credential: its certificate, and config.zip in base64. Nothing of the private key stays
// here. It is made for those alone who may make the credential, since it takes its time.
func (s *server) keyPair(ctx context.Context, c call, want project.NewCredential) (certificate []byte, archive string, err error) {
	switch {
	case len(want.Certificate) > 0:
		return nil, "", invalid(Item{Pointer: "/generate_key_pair", Message: "a certificate is given too", Fix: "Give one of the two."})
	case !want.Kind.Confidential():
		return nil, "", invalid(Item{Pointer: "/generate_key_pair", Message: "a credential of the kind " + string(want.Kind) + " has no key pair", Fix: "Leave it out."})
	}
	if err := c.caller.RequireRole(access.Developer); err != nil {
		return nil, "", err
	}
	return s.generate(ctx, want.Name)
}

func (s *server) generate(ctx context.Context, name string) (certificate []byte, archive string, err error) {
	keepNothing(ctx)
	if name == "" || len(name) > 64 {
		name = "latchkey" // RFC 5280's bound of a common name
	}
	pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: name}, Now: s.Clock.Now()})
	if err != nil {
		return nil, "", err
	}
	defer pair.Wipe()
	raw, err := pair.Archive()
	if err != nil {
		return nil, "", err
	}
	defer clear(raw)
	return pair.Certificate.DER, base64.StdEncoding.EncodeToString(raw), nil
}

func wishes(asked []SubscriptionRequest) []project.Wish {
	return mapped(asked, func(a SubscriptionRequest) project.Wish { return project.Wish(a) })
}

func (s *server) listCredentials(ctx context.Context, c call, in *listCredentials) (*reply[Page[Credential]], error) {
	asked, err := in.after()
	if err != nil {
		return nil, err
	}
	selection := project.Selection{Kind: project.Kind(in.Kind), Service: in.Service, Profile: in.Profile, Page: asked}
	if selection.Kind != "" && !selection.Kind.Known() {
		return nil, invalid(Item{Parameter: "kind", Message: "there is no such kind of credential", Fix: "See the kinds in the documentation of the member kind."})
	}
	if in.Project != "" {
		of, err := s.Projects.Find(ctx, c.caller, in.Project)
		if err != nil {
			return nil, err
		}
		selection.Project = of.ID
	}
	if in.Workspace != "" {
		w, err := s.Projects.Workspace(ctx, c.caller, in.Project, in.Workspace)
		if err != nil {
			return nil, err
		}
		selection.Workspace = w.ID
	}
	found, err := s.Credentials.List(ctx, c.caller, selection)
	if err != nil {
		return nil, err
	}
	services, err := s.Services.Services(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	own := own(services)
	all := mapped(found, func(c project.Credential) Credential { return shownCredential(c, own) })
	return &reply[Page[Credential]]{sliced(all, in.Limit, func(c Credential) string { return c.ID })}, nil
}

func (s *server) getCredential(ctx context.Context, c call, in *credentialRef) (*reply[Credential], error) {
	found, err := s.Credentials.Find(ctx, c.caller, in.Ref)
	return s.answerCredential(ctx, c, found, err)
}

func (s *server) patchCredential(ctx context.Context, c call, in *patchCredential) (*reply[Credential], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	changed, err := s.Credentials.Change(ctx, c.caller, in.Ref, project.CredentialEdit{
		Name: ask.Name, Description: ask.Description, Enabled: ask.Enabled, Redirect: (*project.Redirect)(ask.Redirect),
	})
	return s.answerCredential(ctx, c, changed, err)
}

func (s *server) deleteCredential(ctx context.Context, c call, in *credentialRef) (*done, error) {
	return nil, s.Credentials.Delete(ctx, c.caller, in.Ref)
}

func (s *server) answerCredential(ctx context.Context, c call, found project.Credential, err error) (*reply[Credential], error) {
	if err != nil {
		return nil, err
	}
	shown, err := s.shown(ctx, c, found)
	if err != nil {
		return nil, err
	}
	return &reply[Credential]{shown}, nil
}

func (s *server) shown(ctx context.Context, c call, found project.Credential) (Credential, error) {
	services, err := s.Services.Services(ctx, c.caller)
	if err != nil {
		return Credential{}, err
	}
	return shownCredential(found, own(services)), nil
}
