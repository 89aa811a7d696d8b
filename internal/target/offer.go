package target

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
)

// OfferKind is what an offer's content is.
type OfferKind string

// The kinds, by the words of the API. A ContentOffer is HTML.
const (
	ContentOffer OfferKind = "content"
	JSONOffer    OfferKind = "json"
)

// Offer is a piece of content that activities show.
type Offer struct {
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name"`
	// Content is the text of a [ContentOffer]; of a [JSONOffer] it is any JSON.
	Content json.RawMessage `json:"content"`
	// Workspace is the id of a product profile; "" is the default one.
	Workspace  string `json:"workspace,omitempty"`
	ModifiedAt Moment `json:"modifiedAt,omitzero"`
}

// ListedOffer is one of the list of offers.
type ListedOffer struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	Kind       OfferKind `json:"type"`
	Workspace  string    `json:"workspace"`
	ModifiedAt Moment    `json:"modifiedAt"`
}

// written is what is sent of an offer: neither its id nor its time.
type written struct {
	Name      string          `json:"name"`
	Content   json.RawMessage `json:"content"`
	Workspace string          `json:"workspace,omitempty"`
}

// CreateOffer makes an offer, and gives it with its id. After an [Error] that is Unanswered there may be one, or none.
func (c *Client) CreateOffer(ctx context.Context, at Account, kind OfferKind, o Offer) (Offer, error) {
	made, err := one[Offer](ctx, c, call{
		at: at, method: http.MethodPost, path: "offers/" + string(kind), version: versionOffers, body: written{o.Name, o.Content, o.Workspace},
	})
	if err == nil && made.ID == 0 {
		err = &Error{Layer: Foreign, Status: http.StatusOK, Message: "the offer was answered without its id", Write: true, Unanswered: true}
	}
	return made, err
}

// UpdateOffer replaces an offer.
func (c *Client) UpdateOffer(ctx context.Context, at Account, kind OfferKind, o Offer) (Offer, error) {
	return one[Offer](ctx, c, call{
		at: at, method: http.MethodPut, path: escaped(kind, o.ID), version: versionOffers, body: written{o.Name, o.Content, o.Workspace},
	})
}

// Offer gives an offer with its content.
func (c *Client) Offer(ctx context.Context, at Account, kind OfferKind, id int64) (Offer, error) {
	return one[Offer](ctx, c, call{at: at, path: escaped(kind, id), version: versionOffers})
}

// DeleteOffer removes an offer.
func (c *Client) DeleteOffer(ctx context.Context, at Account, kind OfferKind, id int64) error {
	_, err := c.do(ctx, call{at: at, method: http.MethodDelete, path: escaped(kind, id), version: versionOffers})
	return err
}

// Offers gives all offers, without their contents.
func (c *Client) Offers(ctx context.Context, at Account, q Query) iter.Seq2[ListedOffer, error] {
	return all(ctx, q, func(ctx context.Context, q Query, each func(ListedOffer) error) (Page, error) {
		return list(ctx, c, call{at: at, path: "offers", version: versionOffers}, q, "offers", each)
	})
}
