// Package gateway knows what the Adobe I/O gateway says in front of every product (spec/aem-target-analytics.md §2.5): the form of
// its refusals, which is another than the products' own, and what each means.
package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"

	"latchkey/internal/finding"
)

// The gateway's codes.
const (
	TokenMissing  = "401010"
	TokenNotValid = "401013"
	KeyRequired   = "403000"
	KeyInvalid    = "403003"
	// ProfileAbsent and ProfileInvalid are both "Profile is not valid", of different products.
	ProfileAbsent   = "403023"
	ProfileInvalid  = "403025"
	TooManyRequests = "429050"
)

// Read reads a refusal of the gateway's; not ok for what is a product's own, or nobody's.
func Read(body []byte) (code, message string, ok bool) {
	var said struct {
		ErrorCode string `json:"error_code"`
		Code      int    `json:"code"`
		Message   string `json:"message"`
	}
	if json.Unmarshal(body, &said) != nil || said.ErrorCode == "" && said.Code == 0 || said.Message == "" {
		return "", "", false
	}
	if said.ErrorCode == "" {
		said.ErrorCode = strconv.Itoa(said.Code)
	}
	return said.ErrorCode, said.Message, true
}

const (
	atProject = "Developer Console: the project, its credential"
	atHere    = "here"
)

// Rows are the gateway's refusals and what they mean. {name} stands for the IMS configuration.
func Rows() []finding.Row {
	anew := finding.Change("ask for a new one: latchkey ims check {name}", atHere)
	subscribe := finding.Change("add the API to the credential's project", atProject+", Add API")
	profile := finding.Change("give the credential a product profile, whose permissions cover what is called",
		"Developer Console: the project, the API, Edit product profiles; the permissions are in the Admin Console")
	return []finding.Row{
		finding.When(TokenMissing, 0, "", "no token arrived at the gateway: something on the way removes the header Authorization",
			finding.Change("let proxies pass the header Authorization", "this network")),
		finding.When(TokenNotValid, 0, "", "the gateway does not take the token: it has ended, was revoked, or is of another environment", anew),
		finding.When(KeyInvalid, 0, "", "the API key is not subscribed to that API, or the token is another client's", subscribe),
		finding.When(KeyRequired, 0, "", "the API key is not subscribed to that API, or did not arrive", subscribe),
		finding.When(ProfileAbsent, 0, "", "the credential has no product profile that the product takes", profile),
		finding.When(ProfileInvalid, 0, "", "the credential has no product profile that the product takes", profile),
		finding.When(TooManyRequests, 0, "", "the product was asked too often", finding.Change("wait, and ask less often", atHere)),
		finding.When("500", http.StatusInternalServerError, "check your uri", "there is no such path at the gateway",
			finding.Change("check tenant or company, and the address of the API", atHere)),
	}
}
