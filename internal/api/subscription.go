package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// SubscriptionList replaces what a credential is subscribed to.
type SubscriptionList struct {
	Services []SubscriptionRequest `json:"services" nullable:"false"`
}

// SubscriptionProfiles are the product profiles of one subscription.
type SubscriptionProfiles struct {
	Profiles []string `json:"profiles,omitempty" doc:"Ids or names of product profiles, one at least where the service has them." example:"[\"419584532\"]"`
}

// ProductRole sets a credential's product role.
type ProductRole struct {
	Role    string `json:"role" doc:"observer, editor or approver." example:"editor"`
	Profile string `json:"profile,omitempty" doc:"The product profile's id; without it, all that the credential has of the service." example:"419584532"`
}

// AddedService is a service on a project, and the credential that has it.
type AddedService struct {
	Created    bool              `json:"created" doc:"The credential was made for it; else one of the workspace's was reused."`
	Credential CreatedCredential `json:"credential"`
}

type (
	putSubscriptions struct {
		Ref string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		body[SubscriptionList]
	}
	subscriptionRef struct {
		Ref  string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		Code string `path:"code" doc:"The service's code." example:"AdobeTargetSDK"`
	}
	putSubscription struct {
		Ref  string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		Code string `path:"code" doc:"The service's code." example:"AdobeTargetSDK"`
		optionalBody[SubscriptionProfiles]
	}
	putProductRole struct {
		Ref  string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		Code string `path:"code" doc:"The service's code." example:"AdobeTargetSDK"`
		body[ProductRole]
	}
)

func (s *server) subscriptionRoutes(h huma.API) {
	const base = credentialsPath + "/{ref}/services"
	const one = base + "/{code}"
	const tag = "Credentials"
	fails := []*Kind{kindNotFound, kindNotOffered, kindState}
	add(s, h, operation{id: "set-subscriptions", method: http.MethodPut, path: base, tag: tag,
		summary: "Replace a credential's services", scope: access.RegistryWrite, asks: `{"services": [{"service": "AdobeTargetSDK", "profiles": ["419584532"]}]}`,
		answers: credentialAnswer, fails: fails}, s.setSubscriptions)
	add(s, h, operation{id: "subscribe", method: http.MethodPut, path: one, tag: tag,
		summary: "Subscribe a credential to a service", description: "Or give a subscription other product profiles. You attach those that you are developer of; the body is left out for a service without.",
		scope: access.RegistryWrite, answers: credentialAnswer, fails: fails}, s.subscribe)
	add(s, h, operation{id: "unsubscribe", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Take a service from a credential", scope: access.RegistryWrite, fails: []*Kind{kindNotFound, kindState}}, s.unsubscribe)
	add(s, h, operation{id: "set-product-role", method: http.MethodPut, path: one + "/role", tag: tag,
		summary: "Set a credential's product role", description: "An act of the Admin Console; takes the role System Administrator. A new credential is observer.",
		scope: access.RegistryWrite, asks: `{"role": "editor"}`, answers: credentialAnswer, fails: []*Kind{kindNotFound, kindState}}, s.setProductRole)
	add(s, h, operation{id: "add-service", method: http.MethodPost, path: projectsPath + "/{project}/workspaces/{workspace}/services", tag: tag,
		summary: "Add an API to a workspace", description: "As the console does: the workspace's credential of the kind gets the services. Only when there is none, one is made, and only then is `name` needed, and a certificate for a `service_account_jwt`.",
		scope: access.RegistryWrite, asks: `{"kind": "oauth_server_to_server", "name": "moviestar-target", "services": [{"service": "AdobeTargetSDK", "profiles": ["419584532"]}]}`,
		fails: []*Kind{kindNotFound, kindNameTaken, kindQuota, kindNotOffered, kindState}}, s.addService)
}

func (s *server) setSubscriptions(ctx context.Context, c call, in *putSubscriptions) (*reply[Credential], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	changed, err := s.Credentials.SetServices(ctx, c.caller, in.Ref, wishes(ask.Services))
	return s.answerCredential(ctx, c, changed, err)
}

func (s *server) subscribe(ctx context.Context, c call, in *putSubscription) (*reply[Credential], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	changed, err := s.Credentials.Subscribe(ctx, c.caller, in.Ref, project.Wish{Service: in.Code, Profiles: ask.Profiles})
	return s.answerCredential(ctx, c, changed, err)
}

func (s *server) unsubscribe(ctx context.Context, c call, in *subscriptionRef) (*done, error) {
	_, err := s.Credentials.Unsubscribe(ctx, c.caller, in.Ref, in.Code)
	return nil, err
}

func (s *server) setProductRole(ctx context.Context, c call, in *putProductRole) (*reply[Credential], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	changed, err := s.Credentials.SetRole(ctx, c.caller, in.Ref, in.Code, ask.Profile, project.ProductRole(ask.Role))
	return s.answerCredential(ctx, c, changed, err)
}

// addService is a workspace and what to add to it.
type addService struct {
	Project   string `path:"project" doc:"The project's id or name." example:"Moviestar"`
	Workspace string `path:"workspace" doc:"The workspace's id or name." example:"Production"`
	body[NewCredential]
}

func (s *server) addService(ctx context.Context, c call, in *addService) (*reply[AddedService], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	if ask.GenerateKeyPair {
		return nil, invalid(Item{Pointer: "/generate_key_pair", Message: "no key pair is generated here", Fix: "Make the credential first, or send a certificate."})
	}
	workspace, err := s.Projects.Workspace(ctx, c.caller, in.Project, in.Workspace)
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
	added, err := s.Credentials.AddService(ctx, c.caller, want)
	if err != nil {
		return nil, err
	}
	shown, err := s.shown(ctx, c, added.Credential)
	if err != nil {
		return nil, err
	}
	out := AddedService{added.Created, CreatedCredential{Credential: shown}}
	if added.Created && len(added.Credential.Secrets) > 0 {
		out.Credential.ClientSecret = added.Credential.Secrets[0].Value.Reveal()
	}
	return &reply[AddedService]{out}, nil
}
