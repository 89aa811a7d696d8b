package authority

import (
	"context"
	"errors"
	"slices"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// The scopes of the service Experience Cloud Triggers that narrow what a subscription to it gives.
const (
	triggersConsume = "triggers:consume"
	triggersProduce = "triggers:produce"
)

// ErrNoPipeline says that a token is good, and its client subscribed to nothing that gives the pipeline.
var ErrNoPipeline = errors.New("the credential is subscribed neither to Experience Cloud Triggers nor to the Latchkey API")

// PipelineCaller tells who calls the broker with an access token. One for the Latchkey API counts there as it does on our own,
// when it names pipeline:produce or pipeline:consume. One of a credential that is subscribed to Experience Cloud Triggers may
// do both; where the token names one of triggers:consume and triggers:produce, that one alone. Tokens that were exchanged for
// a JWT name neither, nor do those of the gateway that was before.
func (s *Server) PipelineCaller(ctx context.Context, text string) (access.Caller, error) {
	own, refused := s.Caller(ctx, text)
	if refused == nil && (own.Scopes.Has(access.PipelineConsume) || own.Scopes.Has(access.PipelineProduce)) {
		return own, nil
	}
	if refused != nil && !errors.Is(refused, ErrNotSubscribed) {
		return own, refused
	}
	token, err := s.check(text)
	if err != nil {
		return access.Caller{}, err
	}
	client, err := s.config.Clients.Client(ctx, token.ClientID)
	if err != nil {
		return access.Caller{}, err
	}
	if client.Subscribed(project.Triggers) == nil || token.ofPerson() {
		if refused == nil {
			return own, nil // a caller of ours without the right: told which it lacks
		}
		return access.Caller{}, ErrNoPipeline
	}
	caller := access.Caller{ID: client.ClientID, Name: client.Name, Organization: client.Organization, User: token.UserID}
	for scope, right := range map[string]access.Scope{triggersConsume: access.PipelineConsume, triggersProduce: access.PipelineProduce} {
		if slices.Contains(token.Scopes, scope) {
			caller.Scopes = append(caller.Scopes, right)
		}
	}
	if len(caller.Scopes) == 0 {
		caller.Scopes = access.Scopes{access.PipelineConsume, access.PipelineProduce}
	}
	return caller, nil
}
