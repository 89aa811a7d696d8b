// Package owner is a program that uses a connection, and owner_test.go how such a program is tested.
//
// It asks the service whose account is connected. It never sees a token: it takes one client for the connection, which places
// the token, renews it and repairs a call that the service has refused.
package owner

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"latchkey/client"
)

// Source asks for the owner of an account.
type Source struct {
	service *http.Client
	url     string
}

// New makes a source that asks the service at url with a connection's token.
func New(keeper *client.Keeper, connection, url string) *Source {
	return &Source{&http.Client{Transport: &client.Transport{Keeper: keeper, Connection: connection}}, url}
}

// Owner gives the name of the account's owner.
func (s *Source) Owner(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/me", nil)
	if err != nil {
		return "", err
	}
	response, err := s.service.Do(request)
	if err != nil {
		return "", fmt.Errorf("asking for the account's owner: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("asking for the account's owner: the service answers %s %s", response.Status, response.Header.Get(client.NoteHeader))
	}
	var me struct {
		Owner string `json:"sub"`
	}
	if err := json.NewDecoder(response.Body).Decode(&me); err != nil {
		return "", fmt.Errorf("reading the account's owner: %w", err)
	}
	return me.Owner, nil
}
