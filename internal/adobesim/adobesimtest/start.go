// Package adobesimtest starts the stand-ins for Adobe's products for tests of other rooms: behind a real TLS socket, with a
// client to which the vendor's hosts are they, and with access tokens that the test makes up.
package adobesimtest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"latchkey/internal/adobesim"
	"latchkey/internal/clock"
	"latchkey/internal/devca"
	"latchkey/internal/egress"
	"latchkey/internal/project"
)

// The account that is there from the beginning: subscribed to Target and Analytics, Editor in two product profiles of Target.
const (
	Token     = "sample-token"
	ClientID  = "11111111111111111111111111111111"
	User      = "222222222222222222222222@techacct.adobe.com"
	Workspace = "100000001" // Default Workspace
	Second    = "100000002" // another workspace
)

// House is running stand-ins. What its Sim can do is all there: SetFault, ClearFaults, SetAudiences, Requests.
type House struct {
	*adobesim.Sim
	// Client reaches the vendor's hosts here.
	Client *egress.Client
	// Customer has tenant, company and passwords.
	Customer adobesim.Customer

	mu       sync.Mutex
	accounts map[string]adobesim.Account // by token
}

// Config changes what Start starts; the zero value works.
type Config struct {
	// Customer is in place of the sample customer, when it names an organization.
	Customer adobesim.Customer
	// Now tells the time; nil means the machine's clock.
	Now func() time.Time
	// MaxBody bounds the answers that Client reads, in bytes; 0 is egress's.
	MaxBody int64
	// Timeout bounds Client's requests; 0 is egress's.
	Timeout time.Duration
	Log     *slog.Logger
}

// Start starts stand-ins that end with the test.
func Start(t testing.TB, config Config) *House {
	t.Helper()
	if config.Now == nil {
		config.Now = clock.System().Now
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	authority, err := devca.LoadOrCreate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if config.Customer.Organization == "" {
		config.Customer = adobesim.SampleCustomer(adobesim.SampleOrganization)
	}
	h := &House{Customer: config.Customer, accounts: map[string]adobesim.Account{Token: Account()}}
	h.Sim = adobesim.New(adobesim.Config{Token: h.verify, Customers: []adobesim.Customer{config.Customer}, Now: config.Now, Log: config.Log})
	address, closing, err := h.StartTLS(context.Background(), authority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closing)
	var overrides []egress.Override
	for _, host := range adobesim.Hosts() {
		overrides = append(overrides, egress.Override{Suffix: host, Address: address, Roots: authority.CertPool()})
	}
	h.Client, err = egress.New(egress.Config{Overrides: overrides, Log: config.Log, MaxBody: config.MaxBody, Timeout: config.Timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Client.Close)
	return h
}

// Account gives the account of Token, to be changed and given to another token.
func Account() adobesim.Account {
	return adobesim.Account{
		ClientID: ClientID, User: User, Organization: adobesim.SampleOrganization, Name: "Sample", Email: "sample@techacct.adobe.com",
		Services: []project.ClientService{
			{Code: project.Target, Profiles: []project.Attachment{{Profile: Workspace, Role: project.Editor}, {Profile: Second, Role: project.Editor}}},
			{Code: project.Analytics, Profiles: []project.Attachment{{Profile: "200000001"}}},
		},
	}
}

// Let makes a token somebody's.
func (h *House) Let(token string, account adobesim.Account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accounts[token] = account
}

func (h *House) verify(_ context.Context, token string) (adobesim.Account, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	account, ok := h.accounts[token]
	if !ok {
		return account, errors.New("no such token")
	}
	return account, nil
}
