package cloudservice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/finding"
	"latchkey/internal/target"
)

// Offers are pushed by our own names. That one is to be made is kept before it is asked for, and its id behind that: when the
// answer is lost, the next push looks for an offer of that name and content in Target before it makes another.

// ErrNoOffer is given for an offer that was not pushed by that name.
var ErrNoOffer = errors.New("no offer of that name was pushed")

// OfferKind is what an offer's content is.
type OfferKind string

// The kinds.
const (
	HTML OfferKind = "html"
	JSON OfferKind = "json"
)

// of gives the API's word.
func (k OfferKind) of() target.OfferKind {
	if k == JSON {
		return target.JSONOffer
	}
	return target.ContentOffer
}

// Offer is one that was pushed.
type Offer struct {
	// Service is the id of the service that it was pushed with.
	Service string
	// Name is ours, and Target's.
	Name string
	Kind OfferKind
	// Workspace is the id of a product profile; "" is the default one.
	Workspace string
	// TargetID is its id in Target; 0 while nobody knows whether it was made.
	TargetID int64
	// Hash is of the content that was sent last.
	Hash     string
	PushedAt time.Time
	Version  int64
}

// Push asks for an offer to be as it says.
type Push struct {
	Name    string
	Kind    OfferKind
	Content string
	// Workspace is the service's when nil; it stays for an offer that is there.
	Workspace *string
}

// Pushed says what became of a push.
type Pushed struct {
	Offer Offer
	// Created is false for one that was there. Found is one that an earlier push had made whose answer was lost.
	Created, Found bool
}

const (
	maxOffer     = 512 << 10
	maxOfferName = 250
)

// PushOffer makes an offer in Target, or brings the one of that name up to date.
func (s *Services) PushOffer(ctx context.Context, caller access.Caller, ref Ref, ask Push) (Pushed, error) {
	content, err := ask.content()
	if err != nil {
		return Pushed{}, err
	}
	of, at, err := s.reachTarget(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Pushed{}, err
	}
	p := &pusher{Services: s, caller: caller, of: &of, at: at, ask: ask, content: content}
	p.kept, err = s.config.Targets.FindOffer(ctx, of.ID, ask.Name)
	switch {
	case errors.Is(err, ErrNoOffer):
		p.kept = Offer{Service: of.ID, Name: ask.Name, Kind: ask.Kind, Workspace: of.Target.Workspace}
		if ask.Workspace != nil {
			p.kept.Workspace = *ask.Workspace
		}
		return p.create(ctx)
	case err != nil:
		return Pushed{}, err
	case p.kept.Kind != ask.Kind:
		var problems finding.Problems
		problems.Wrong("/kind", "the offer is "+string(p.kept.Kind)+" in Target, and its kind can't be changed", "push it by another name, or delete it first: latchkey cloud-service offer delete "+of.Name+" "+ask.Name)
		return Pushed{}, problems
	case p.kept.TargetID == 0:
		return p.find(ctx)
	}
	return p.update(ctx)
}

// content gives what is sent: a text for HTML, and JSON as it is.
func (p *Push) content() (json.RawMessage, error) {
	var problems finding.Problems
	if p.Name = strings.TrimSpace(p.Name); p.Name == "" || utf8.RuneCountInString(p.Name) > maxOfferName || strings.ContainsFunc(p.Name, unicode.IsControl) {
		problems.Wrong("/name", "this can't be an offer's name", fmt.Sprintf("write one line of at most %d characters", maxOfferName))
	}
	if len(p.Content) > maxOffer {
		problems.Wrong("/content", fmt.Sprintf("the content has %d bytes; at most %d are sent", len(p.Content), maxOffer), "leave media out: only references to them belong into an offer")
	}
	var out json.RawMessage
	switch p.Kind {
	case HTML:
		out, _ = json.Marshal(p.Content) // a text can always be written
	case JSON:
		if out = json.RawMessage(p.Content); !json.Valid(out) {
			problems.Wrong("/content", "this is no JSON", "check it with a JSON parser, or push it as html")
		}
	default:
		problems.Wrong("/kind", "there is no such kind of offer", `use "html" or "json"`)
	}
	return out, problems.Errors()
}

// pusher is one push under way.
type pusher struct {
	*Services
	caller  access.Caller
	of      *Service
	at      target.Account
	ask     Push
	content json.RawMessage
	kept    Offer
}

func (p *pusher) offer() target.Offer {
	return target.Offer{ID: p.kept.TargetID, Name: p.kept.Name, Content: p.content, Workspace: p.kept.Workspace}
}

// note keeps what is known of the offer now.
func (p *pusher) note(ctx context.Context, action string) error {
	p.kept.Hash, p.kept.PushedAt = hashOf(p.content), p.now()
	version, err := p.config.Targets.KeepOffer(ctx, p.kept, p.entry(action))
	p.kept.Version = version
	return err
}

func (p *pusher) entry(action string) audit.Entry {
	entry := p.of.entry(p.caller, action, p.now())
	entry.Detail = map[string]string{"name": p.of.Name, "offer": p.kept.Name, "offer_kind": string(p.kept.Kind), "target_id": fmt.Sprint(p.kept.TargetID), "workspace": p.kept.Workspace}
	return entry
}

func (p *pusher) create(ctx context.Context) (Pushed, error) {
	p.kept.TargetID = 0
	if err := p.note(ctx, "cloud_service.offer.begin"); err != nil {
		return Pushed{}, err
	}
	made, err := p.target.CreateOffer(ctx, p.at, p.kept.Kind.of(), p.offer())
	if err != nil {
		return Pushed{}, p.notMade(context.WithoutCancel(ctx), err)
	}
	p.kept.TargetID = made.ID
	err = p.note(context.WithoutCancel(ctx), "cloud_service.offer.create") // even when the caller has gone: the offer is there
	return Pushed{Offer: p.kept, Created: true}, err
}

// notMade forgets an offer that was refused. One whose answer was lost is remembered, to be looked for.
func (p *pusher) notMade(ctx context.Context, err error) error {
	failed, ok := errors.AsType[*target.Error](err)
	if !ok || failed.Unanswered {
		refused := p.of.refuse(err)
		if e, ok := errors.AsType[*RefusedError](refused); ok {
			e.Layer.Message = "nobody knows whether the offer was made; " + e.Layer.Message
			e.Layer.Advice = append(e.Layer.Advice, finding.Change("push it again: it is looked for in Target before another one is made", "here"))
		}
		return refused
	}
	return errors.Join(p.of.refuse(err), p.config.Targets.ForgetOffer(ctx, p.of.ID, p.kept.Name, p.entry("cloud_service.offer.refused")))
}

// find looks for an offer whose making was not answered, by its name and by what was sent.
func (p *pusher) find(ctx context.Context) (Pushed, error) {
	id, err := p.search(ctx)
	if err != nil {
		return Pushed{}, p.of.refuse(err)
	}
	if id == 0 {
		return p.create(ctx)
	}
	p.kept.TargetID = id
	if err := p.note(ctx, "cloud_service.offer.find"); err != nil {
		return Pushed{}, err
	}
	out, err := p.update(ctx)
	out.Found = true
	return out, err
}

func (p *pusher) search(ctx context.Context) (int64, error) {
	for one, err := range p.target.Offers(ctx, p.at, target.Query{SortBy: "name"}) {
		if err != nil {
			return 0, err
		}
		if one.Name != p.kept.Name || one.Kind != p.kept.Kind.of() || p.kept.Workspace != "" && one.Workspace != p.kept.Workspace {
			continue
		}
		full, err := p.target.Offer(ctx, p.at, one.Kind, one.ID)
		if err != nil {
			return 0, err
		}
		if hashOf(full.Content) == p.kept.Hash {
			return one.ID, nil
		}
	}
	return 0, nil
}

func (p *pusher) update(ctx context.Context) (Pushed, error) {
	_, err := p.target.UpdateOffer(ctx, p.at, p.kept.Kind.of(), p.offer())
	if failed, ok := errors.AsType[*target.Error](err); ok && failed.Layer == target.Service && failed.Status == http.StatusNotFound {
		return p.create(ctx) // somebody has deleted it in Target
	}
	if err != nil {
		return Pushed{}, p.of.refuse(err)
	}
	err = p.note(context.WithoutCancel(ctx), "cloud_service.offer.update")
	return Pushed{Offer: p.kept}, err
}

// hashOf gives the hash of JSON, however it is spaced and in whatever order its members are.
func hashOf(content json.RawMessage) string {
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) == nil {
		if plain, err := json.Marshal(value); err == nil {
			content = plain
		}
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Offers gives those that were pushed with a service.
func (s *Services) Offers(ctx context.Context, caller access.Caller, ref Ref) ([]Offer, error) {
	of, err := s.targetOne(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	return s.config.Targets.Offers(ctx, of.ID)
}
