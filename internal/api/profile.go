package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// Profile is a product profile: which part of a service its users and credentials may use.
type Profile struct {
	ID          string    `json:"id" doc:"Digits." example:"419584532"`
	Service     string    `json:"service" example:"AdobeTargetSDK"`
	ProductID   string    `json:"product_id" doc:"The organization's licence." example:"AAAAACCCCCCVV2EEEEE1E"`
	Name        string    `json:"name" example:"Default Workspace"`
	Description string    `json:"description"`
	CreatedBy   string    `json:"created_by"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// NewProfile asks for a product profile.
type NewProfile struct {
	Service     string `json:"service" doc:"The code of a service that has product profiles, and that the organization is entitled to." example:"AdobeTargetSDK"`
	Name        string `json:"name" example:"Default Workspace"`
	Description string `json:"description,omitempty"`
}

// ProfilePatch changes a product profile.
type ProfilePatch struct {
	Name        *string `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
}

type (
	profileID struct {
		ID string `path:"id" doc:"The product profile's id." example:"419584532"`
	}
	patchProfile struct {
		ID string `path:"id" doc:"The product profile's id." example:"419584532"`
		body[ProfilePatch]
	}
	listProfiles struct {
		Service string `query:"service" doc:"Only those of the service of this code."`
		Paging
	}
)

const profileAnswer = `{"id": "419584532", "service": "AdobeTargetSDK", "product_id": "5F3E9A0C11D24B7E8A66", "name": "Default Workspace", "description": "",
  "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z"}`

const profilesPath = apiPrefix + "/profiles"

func (s *server) profileRoutes(h huma.API) {
	const one = profilesPath + "/{id}"
	const tag = "Services"
	add(s, h, operation{id: "create-profile", method: http.MethodPost, path: profilesPath, tag: tag, status: http.StatusCreated,
		summary: "Make a product profile", description: "Takes the role System Administrator.", scope: access.RegistryWrite,
		asks: `{"service": "AdobeTargetSDK", "name": "Default Workspace"}`, answers: profileAnswer, fails: []*Kind{kindNotFound, kindNameTaken, kindQuota}, idempotent: true}, s.createProfile)
	add(s, h, operation{id: "list-profiles", method: http.MethodGet, path: profilesPath, tag: tag,
		summary: "List product profiles", description: "In the order of their ids.", scope: access.RegistryRead, fails: []*Kind{kindNotFound}}, s.listProfiles)
	add(s, h, operation{id: "get-profile", method: http.MethodGet, path: one, tag: tag,
		summary: "Read a product profile", scope: access.RegistryRead, answers: profileAnswer, fails: []*Kind{kindNotFound}}, s.getProfile)
	add(s, h, operation{id: "patch-profile", method: http.MethodPatch, path: one, tag: tag,
		summary: "Change a product profile", scope: access.RegistryWrite, asks: `{"name": "Europe"}`, answers: profileAnswer,
		fails: []*Kind{kindNotFound, kindNameTaken, kindState}}, s.patchProfile)
	add(s, h, operation{id: "delete-profile", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Delete a product profile", description: "No credential may have it.", scope: access.RegistryWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.deleteProfile)
}

func (s *server) createProfile(ctx context.Context, c call, in *struct{ body[NewProfile] }) (*created[Profile], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	made, err := s.Services.CreateProfile(ctx, c.caller, project.NewProfile(ask))
	if err != nil {
		return nil, err
	}
	return &created[Profile]{Location: profilesPath + "/" + url.PathEscape(made.ID), Body: shownProfile(made)}, nil
}

func (s *server) listProfiles(ctx context.Context, c call, in *listProfiles) (*reply[Page[Profile]], error) {
	all, err := s.Services.Profiles(ctx, c.caller, in.Service)
	if err != nil {
		return nil, err
	}
	shown := mapped(all, shownProfile)
	slices.SortFunc(shown, func(a, b Profile) int { return strings.Compare(a.ID, b.ID) })
	out, err := page(shown, in.Paging, func(p Profile) string { return p.ID })
	return &reply[Page[Profile]]{out}, err
}

func (s *server) getProfile(ctx context.Context, c call, in *profileID) (*reply[Profile], error) {
	return answerProfile(s.Services.Profile(ctx, c.caller, in.ID))
}

func (s *server) patchProfile(ctx context.Context, c call, in *patchProfile) (*reply[Profile], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return answerProfile(s.Services.ChangeProfile(ctx, c.caller, in.ID, project.Edit{Name: ask.Name, Description: ask.Description}))
}

func (s *server) deleteProfile(ctx context.Context, c call, in *profileID) (*done, error) {
	return nil, s.Services.DeleteProfile(ctx, c.caller, in.ID)
}

func answerProfile(p project.Profile, err error) (*reply[Profile], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Profile]{shownProfile(p)}, nil
}

func shownProfile(p project.Profile) Profile {
	return Profile{
		ID: p.ID, Service: p.Service, ProductID: p.Product, Name: p.Name, Description: p.Description,
		CreatedBy: p.CreatedBy, CreatedAt: *stamp(p.CreatedAt), UpdatedAt: *stamp(p.UpdatedAt),
	}
}
