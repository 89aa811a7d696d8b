package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
)

// Offer is one that was pushed to Target.
type Offer struct {
	Name      string    `json:"name" doc:"Unique among those that were pushed with the service; Target's name too." example:"hero-banner"`
	Kind      string    `json:"kind" enum:"html,json"`
	Workspace *string   `json:"workspace" doc:"The id of a product profile; null is the Default Workspace."`
	TargetID  *int64    `json:"target_id" doc:"Its id in Target; null while nobody knows whether it was made." example:"123456"`
	SHA256    string    `json:"content_sha256" doc:"Of the content that was sent last, as JSON."`
	PushedAt  time.Time `json:"pushed_at"`
	// Outcome is in answers to a push alone.
	Outcome string `json:"outcome,omitempty" enum:"created,updated,found" doc:"Only in answers to a push. found: an earlier push had made it, whose answer was lost."`
}

// OfferPush is what an offer is to be.
type OfferPush struct {
	Kind      string  `json:"kind" enum:"html,json"`
	Content   string  `json:"content" doc:"HTML, or JSON as a text." example:"<p>Hello</p>"`
	Workspace *string `json:"workspace,omitempty" doc:"Where a new offer goes to; the service's workspace without it."`
}

// OfferRemoval says what a removal leaves behind.
type OfferRemoval struct {
	Warnings []string `json:"warnings" nullable:"false"`
}

type (
	// OfferRef names an offer in a path.
	OfferRef struct {
		CloudServiceRef
		Offer string `path:"offer" doc:"The offer's name." example:"hero-banner"`
	}
	pushOffer struct {
		OfferRef
		body[OfferPush]
	}
	deleteOffer struct {
		OfferRef
		Anyway bool `query:"anyway" doc:"Also when an activity shows it."`
	}
	listOffers struct {
		CloudServiceRef
		Paging
	}
)

const offerAnswer = `{"name": "hero-banner", "kind": "html", "workspace": null, "target_id": 123456, "content_sha256": "8c9fc6…", "pushed_at": "2026-11-28T09:30:00Z", "outcome": "created"}`

func (s *server) offerRoutes(h huma.API) {
	const base = cloudServiceOne + "/offers"
	add(s, h, operation{id: "list-offers", method: http.MethodGet, path: base, tag: cloudServiceTag,
		summary: "List offers that were pushed", description: "With this service, by name. Target may have others.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound, kindState}}, s.listOffers)
	add(s, h, operation{id: "push-offer", method: http.MethodPut, path: base + "/{offer}", tag: cloudServiceTag,
		summary: "Push an offer", description: "Makes it in Target, or brings the one of that name up to date. Sending it again does no harm: when the answer of a push was lost, the offer is looked for in Target before another one is made. The credential needs the role Editor.",
		scope: access.ConnectionsWrite, asks: `{"kind": "html", "content": "<p>Hello</p>"}`, answers: offerAnswer, fails: []*Kind{kindNotFound, kindState, kindProduct}}, s.pushOffer)
	add(s, h, operation{id: "delete-offer", method: http.MethodDelete, path: base + "/{offer}", tag: cloudServiceTag,
		summary: "Delete an offer in Target", description: "One that an activity shows is kept, unless anyway is given: the activity would show its default content.",
		scope: access.ConnectionsWrite, answers: `{"warnings": []}`, fails: []*Kind{kindNotFound, kindState, kindInUse, kindProduct}}, s.deleteOffer)
}

func (s *server) listOffers(ctx context.Context, c call, in *listOffers) (*reply[Page[Offer]], error) {
	all, err := s.CloudServices.Offers(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	out, err := page(mapped(all, shownOffer), in.Paging, func(o Offer) string { return o.Name })
	return &reply[Page[Offer]]{out}, err
}

func (s *server) pushOffer(ctx context.Context, c call, in *pushOffer) (*reply[Offer], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	done, err := s.CloudServices.PushOffer(ctx, c.caller, in.in(c), cloudservice.Push{
		Name: in.Offer, Kind: cloudservice.OfferKind(ask.Kind), Content: ask.Content, Workspace: ask.Workspace,
	})
	if err != nil {
		return nil, err
	}
	out := shownOffer(done.Offer)
	switch {
	case done.Found:
		out.Outcome = "found"
	case done.Created:
		out.Outcome = "created"
	default:
		out.Outcome = "updated"
	}
	return &reply[Offer]{out}, nil
}

func (s *server) deleteOffer(ctx context.Context, c call, in *deleteOffer) (*reply[OfferRemoval], error) {
	done, err := s.CloudServices.DeleteOffer(ctx, c.caller, in.in(c), in.Offer, in.Anyway)
	if err != nil {
		return nil, err
	}
	return &reply[OfferRemoval]{OfferRemoval{listed(done.Warnings)}}, nil
}

func shownOffer(o cloudservice.Offer) Offer {
	out := Offer{Name: o.Name, Kind: string(o.Kind), Workspace: optional(o.Workspace), SHA256: o.Hash, PushedAt: *stamp(o.PushedAt)}
	if o.TargetID != 0 {
		out.TargetID = &o.TargetID
	}
	return out
}
