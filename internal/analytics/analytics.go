// Package analytics talks to Adobe Analytics: to the API 2.0 behind the Adobe I/O gateway ([Client]) with an IMS token, and to
// the API 1.4 with WSSE ([Classic]), which the vendor retired on 2026-08-12 and which old and self-hosted servers still
// speak.
//
// It guarantees: at most 12 requests of a credential in any 6 seconds, whoever in this process asks, by waiting and not by
// failing; what is asked again after a failure only reads; replies of bounded size, lists handed on page by page, so that
// the longest takes no more memory than a page; one [*Error] whatever the layer that refused and the form it has for it,
// which repeats no token and no secret; and a request goes nowhere but to the address that the operator configured, or to
// a data centre of the operator's list ([Centers]): no caller names a URL.
//
// It trusts the sender to guard what is dialled. It holds no credential: each call brings its own. What a refusal means
// is in [Explain]. Facts about the vendor's side are those of spec/aem-target-analytics.md §3; what is not there and was
// taken from the vendor's public documentation is marked so.
package analytics

import (
	"context"
	"net/http"
	"time"

	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// Base is where the API 2.0 is, unless the operator says otherwise.
const Base = "https://analytics.adobe.io"

// Retired is when the vendor turned the API 1.4 and WSSE off, data insertion excepted.
var Retired = time.Date(2026, time.August, 12, 0, 0, 0, 0, time.UTC)

// Timeout is how long the gateway waits for the service; what takes longer is refused there.
const Timeout = 60 * time.Second

// MaxReply is how large a reply may be: what the sender should bound it to.
const MaxReply = 16 << 20

// Sender sends one request. It is [egress.Client], whose own timeout should be above [Timeout].
type Sender interface {
	Do(ctx context.Context, r *http.Request) (*egress.Response, error)
}

var _ Sender = (*egress.Client)(nil)

// Access is who calls: a token, and the API key (the IMS client id) that it belongs to. The rate is counted by the key.
type Access struct {
	APIKey string
	Token  secret.String
}

// Company is a login company as discovery tells of it. ID is the global company id, a part of every other path.
type Company struct {
	ID   string `json:"globalCompanyId"`
	Name string `json:"companyName"`
	// Tier names the rate that the vendor allows it.
	Tier string `json:"apiRateLimitPolicy"`
	// Organization is the IMS organization that holds it.
	Organization string `json:"-"`
}

// User is the token's subject as Analytics knows it: a technical account has the last name techacct.adobe.com.
type User struct {
	CompanyID int    `json:"companyid"`
	LoginID   int    `json:"loginId"`
	Login     string `json:"login"`
	Email     string `json:"email"`
	FullName  string `json:"fullName"`
	IMSUserID string `json:"imsUserId"`
	Disabled  bool   `json:"disabled"`
}

// Suite is a report suite.
type Suite struct {
	ID   string `json:"rsid"`
	Name string `json:"name"`
	// Type is "reportsuite" or "virtualreportsuite".
	Type     string `json:"collectionItemType"`
	Currency string `json:"currency"`
	TimeZone string `json:"timezoneZoneinfo"`
}

// Segment is a segment.
type Segment struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Suite       string `json:"rsid"`
	Modified    string `json:"modified"`
	Owner       struct {
		ID int `json:"id"`
	} `json:"owner"`
}

// Component is a metric or a dimension of a report suite: "metrics/visits", "variables/evar1".
type Component struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	Category    string `json:"category"`
	Segmentable bool   `json:"segmentable"`
}
