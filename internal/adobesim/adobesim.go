// Package adobesim stands in for Adobe's products on this machine: the gateway in front of mc.adobe.io and analytics.adobe.io,
// Target's Admin API behind the one and Analytics 2.0 behind the other, and the two that the vendor has switched off, Target
// Classic and Analytics 1.4 (spec/aem-target-analytics.md §2, §3, §4.4).
//
// They check what the real ones check: the token, the API key against the token's client, subscription, product profile and
// role, whose tenant or company it is, versions of media types, the rate, WSSE digests with their nonces and times. And they
// can be told to refuse as the real ones do ([Faults]): each of the troubles that people have with them has a switch. Where the
// true cause lies with the credential, and not with the product, the switch changes how the authority finds the credential
// ([Sim.Clients], [Sim.Authority]), so that token, profile and product tell the same story.
//
// It is for development and tests. Whose token it is the caller of New says ([Config].Token); everything else lives in memory,
// is the same at each start, and is gone at the end. Texts that no public source shows are its own, and docs/reference/simulator.md
// marks them. It keeps and logs no token and no secret of its callers.
package adobesim

import (
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Config sets up the stand-ins.
type Config struct {
	// Token tells whose access token one is; an error says that it is none. nil takes none.
	Token Verifier
	// Customers are the organizations that the products know; none means [SampleCustomer] of the sample organization.
	Customers []Customer
	// Now tells the time; nil means time.Now. Only the fault slow runs on real time.
	Now func() time.Time
	// Log receives a line for each request, at debug level; nil is silent.
	Log *slog.Logger
}

// Customer is an organization as the products know it.
type Customer struct {
	// Organization is its IMS id.
	Organization string
	// Tenant is in the paths of Target's Admin API; ClientCode is what browsers and Target Classic call it.
	Tenant, ClientCode string
	// Email and Password open Target Classic.
	Email, Password string
	// Company is the global company id of Analytics, CompanyName the login company of 1.4.
	Company, CompanyName string
	// Username and Secret sign WSSE; LoginPassword is what GetLoginKey takes.
	Username, Secret, LoginPassword string
}

// SampleOrganization is the one that `latchkey dev` begins with.
const SampleOrganization = "6C617463686B657900000001@AdobeOrg"

// SampleCustomer is an organization with the names of the documentation. Tenant and client code differ, as they may.
func SampleCustomer(organization string) Customer {
	return Customer{
		Organization: organization, Tenant: "sampletenant", ClientCode: "sampleclient", Email: "ada@example.com", Password: "moviestar",
		Company: "sampleco0", CompanyName: "Sample Company", Username: "ada", Secret: "75d0test", LoginPassword: "moviestar",
	}
}

// Sim is the stand-ins with their state. It is safe for concurrent use.
type Sim struct {
	config Config
	now    func() time.Time
	log    *slog.Logger
	hosts  map[string]product
	// What Target and Analytics have below a tenant and below a company.
	resources []resource
	services  []service

	rules   rules
	journal journal

	mu        sync.Mutex // of what follows
	verify    Verifier
	customers []*customer
	asked     map[string][]time.Time // of Analytics, by user
	nonces    map[string]time.Time   // of 1.4
}

// customer is an organization with its data.
type customer struct {
	Customer
	audiences, offers, activities, properties *collection
	segments                                  []*segment
	reports                                   map[int64]*queued // of 1.4
}

// New makes the stand-ins.
func New(config Config) *Sim {
	s := &Sim{config: config, now: config.Now, log: config.Log, verify: config.Token}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if len(config.Customers) == 0 {
		s.config.Customers = []Customer{SampleCustomer(SampleOrganization)}
	}
	s.hosts, s.resources, s.services = products(), resources(), services()
	s.Reset()
	return s
}

// Reset forgets what was written, the faults and the journal.
func (s *Sim) Reset() {
	s.rules.clear(Rule{})
	s.journal.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.nonces, s.customers = map[string][]time.Time{}, map[string]time.Time{}, nil
	for _, of := range s.config.Customers {
		s.customers = append(s.customers, &customer{
			Customer: of, audiences: newAudiences(sampleAudiences), offers: newOffers(), activities: newActivities(), properties: newProperties(),
			segments: sampleSegments(of), reports: map[int64]*queued{},
		})
	}
}

// Verify sets who tells whose token one is, in place of [Config].Token.
func (s *Sim) Verify(token Verifier) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verify = token
}

// find gives the first customer that fits; nil when none does.
func (s *Sim) find(fits func(*Customer) bool) *customer {
	for _, c := range s.customers {
		if fits(&c.Customer) {
			return c
		}
	}
	return nil
}

// Handler serves the hosts, told apart by the request's Host; its port is ignored.
func (s *Sim) Handler() http.Handler { return http.HandlerFunc(s.serve) }
