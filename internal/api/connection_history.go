package api

import (
	"context"
	"time"

	"latchkey/internal/connection"
)

// ConnectionEvent is one thing that happened to a connection.
type ConnectionEvent struct {
	At         time.Time          `json:"at"`
	What       string             `json:"what" enum:"created,refreshed,refresh_failed,authorized,authorization_failed,ended,disabled,enabled,changed,consent_begun" doc:"What happened."`
	Cause      string             `json:"cause,omitempty" enum:"due,needed,rejected,ordered" doc:"Why there was an exchange: its time had come, a caller waited for a token, a caller said that the token was rejected, somebody ordered it."`
	By         string             `json:"by,omitempty" doc:"The id of who did it, or whose request it was made for; absent for the keeper itself." example:"key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	TookMS     float64            `json:"took_ms,omitempty" doc:"How long the exchange took." example:"84.2"`
	Generation int64              `json:"generation,omitempty" doc:"The token's, afterwards." example:"7"`
	State      string             `json:"state,omitempty" doc:"How the connection stood afterwards." example:"active"`
	Reason     string             `json:"reason,omitempty"`
	Status     int                `json:"status,omitempty" doc:"The HTTP status of the provider's answer." example:"200"`
	Failure    *ConnectionFailure `json:"failure,omitempty"`
	Token      *TokenThatCame     `json:"token,omitempty"`
	Presented  int                `json:"presented,omitempty" doc:"How often the refresh token was presented, when that was more than once."`
	Attempt    string             `json:"attempt,omitempty" doc:"The consent's id." example:"att_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Outcome    string             `json:"outcome,omitempty" doc:"How the consent ended; absent while it is open." example:"done"`
	Label      string             `json:"label,omitempty" doc:"The new one, of a connection that was renamed."`
}

// ConnectionFailure is what a provider said, cleaned and shortened.
type ConnectionFailure struct {
	Class       string `json:"class" enum:"grant_dead,client_dead,provider_down,bad_response,denied" example:"provider_down"`
	Code        string `json:"code,omitempty" example:"temporarily_unavailable"`
	Description string `json:"description,omitempty"`
	Endpoint    string `json:"endpoint,omitempty" doc:"Host and path that were asked." example:"api.moviestar.com/OAuth/access_token"`
	Validation  string `json:"validation,omitempty" doc:"The definition's check that failed."`
}

// TokenThatCame is what is known of a new token without the token.
type TokenThatCame struct {
	TokenType       string     `json:"token_type" example:"Bearer"`
	Scope           string     `json:"scope,omitempty"`
	ExpiresAt       *time.Time `json:"expires_at" doc:"Null when the provider does not tell."`
	NewRefreshToken bool       `json:"new_refresh_token" doc:"Whether another refresh token came with it."`
}

const historyAnswer = `{"items": [
  {"at": "2026-11-21T10:18:00Z", "what": "refreshed", "cause": "due", "took_ms": 84.2, "generation": 2, "state": "active", "status": 200,
   "token": {"token_type": "Bearer", "scope": "read write", "expires_at": "2026-11-21T11:18:00Z", "new_refresh_token": true}},
  {"at": "2026-11-21T09:30:00Z", "what": "created", "by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "took_ms": 91, "generation": 1, "state": "active", "status": 200,
   "token": {"token_type": "Bearer", "scope": "read write", "expires_at": "2026-11-21T10:30:00Z", "new_refresh_token": true}}], "limit": 120}`

// historyLimit is how many things a history has at most: those that are kept, and some consents.
const historyLimit = connection.HistoryKept + 20

func (s *server) connectionHistory(ctx context.Context, c call, in *ConnectionRef) (*reply[Page[ConnectionEvent]], error) {
	past, err := s.Connections.History(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[Page[ConnectionEvent]]{Page[ConnectionEvent]{Items: mapped(past, happened), Limit: historyLimit}}, nil
}

func happened(p connection.Past) ConnectionEvent {
	out := ConnectionEvent{
		At: p.At.UTC(), What: string(p.What), Cause: p.Cause, By: p.By, TookMS: float64(p.Took.Microseconds()) / 1000, Generation: p.Generation, State: string(p.State),
		Reason: p.Reason, Status: p.Status, Presented: p.Presented, Attempt: p.Attempt, Outcome: p.Outcome, Label: p.Label,
	}
	if p.Failed() {
		out.Failure = &ConnectionFailure{p.Class, p.Code, p.Description, p.Endpoint, p.Validation}
	}
	if p.TokenType != "" {
		out.Token = &TokenThatCame{p.TokenType, p.Scope, stamp(p.ExpiresAt), p.Rotated}
	}
	return out
}
