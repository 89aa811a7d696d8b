package ims

import (
	"net/http"
	"strings"
)

// Refusal is how a server said no: of a token request, of a profile, of a product call.
type Refusal struct {
	HTTP              int
	Code, Description string
	// Down says that no answer came that tells anything.
	Down bool
	// Profile says that a token was refused, not a request for one.
	Profile bool
	Type    Type
}

// Explanation says what a refusal means and what to do. In its texts {name}, {alias}, {server} and {client} stand for the
// configuration's.
type Explanation struct {
	Means  string
	Advice []Advice
}

// explained is a row of the table: what must be true of the refusal, and what it means then.
type explained struct {
	code string // of the refusal; "" is any
	http int    // 0 is any
	says string // a part of the description, in small letters; "" is any
	Explanation
}

const (
	atCredential = "Developer Console: the project, its credential"
	atHere       = "here: latchkey ims edit {name}"
)

var (
	bind = Advice{"bind the certificate of {alias} to the credential (latchkey ims certificate show {alias} --pem), or sign with a key whose certificate is bound",
		"Developer Console: the project, its Service Account (JWT) credential, Public keys"}
	sameCredential = Advice{"take API key, client secret and payload from the same credential", atHere}
	setClock       = Advice{"set this machine's clock; IMS bears a difference of 30 seconds", "this machine: NTP"}
	metascope      = Advice{"subscribe the credential to the API of the product, and take over the metascopes that the payload shows then", atCredential + "; then here: latchkey ims edit {name} --payload @FILE"}
	profileAdvice  = Advice{"give the credential a product profile, whose permissions cover what is called", "Developer Console: the project, the API, Edit product profiles; the permissions are in the Admin Console"}
)

// refusals knows what IMS and the gateway say (spec/aem-target-analytics.md §1.4, §2.5; spec/ims-and-console.md §1.3). The first
// row that fits counts.
func refusals() []explained {
	return []explained{
		{"", 0, "could not match jwt signature", Explanation{"the signature fits no certificate that is bound to the credential", []Advice{bind, sameCredential}}},
		{"invalid_signature", 0, "", Explanation{"the signature fits no certificate that is bound to the credential", []Advice{bind, sameCredential}}},
		{"", 0, "not a subset of the metascopes", Explanation{"the payload asks for metascopes that the credential does not have", []Advice{metascope}}},
		{"invalid_token", 0, "expired", Explanation{"the assertion had expired when it arrived", []Advice{setClock}}},
		{"invalid_token", 0, "can not be decoded", Explanation{"IMS could not read the assertion", []Advice{sameCredential, setClock}}},
		{"invalid_jti", 0, "", Explanation{"the certificate was bound so that each assertion needs a number (jti), and AEM's have none", []Advice{{"bind the certificate anew without that", atCredential + ", Public keys"}}}},
		{"invalid_client", http.StatusBadRequest, "", Explanation{"there is no such credential at this server: the API key is wrong, or of another environment", []Advice{
			{"copy the API key ({client}) anew", atCredential}, {"check that the authorization server ({server}) is the credential's", atHere}}}},
		{"invalid_client", 0, "", Explanation{"API key and client secret do not belong together, or the credential may not ask in this way", []Advice{
			{"copy the client secret anew", atCredential + ", Retrieve client secret; then here: latchkey ims edit {name} --client-secret @FILE"}}}},
		{"unauthorized_client", 0, "", Explanation{"the credential may not ask for a token in this way: it is of another type", []Advice{
			{"use the type that the console shows: Service Account (JWT) is jwt, OAuth Server-to-Server is oauth", "here: latchkey ims migrate {name}, or latchkey ims edit {name} --type"}}}},
		{"invalid_scope", 0, "", Explanation{"the credential does not have the scopes or metascopes that were asked for, or none was", []Advice{
			{"copy the scopes that the console shows", atCredential + "; then here: latchkey ims edit {name}"}}}},
		{"bad_request", 0, "", Explanation{"IMS could read the assertion, and its sub, iss, exp or jti is not the credential's, or of a wrong form", []Advice{
			{"copy the payload anew, whole", atCredential + ", Generate JWT; then here: latchkey ims edit {name} --payload @FILE"}}}},
		{"internal_error", 0, "", Explanation{"IMS answers so when a JWT is exchanged of a credential that was migrated to OAuth", []Advice{
			{"migrate the configuration too: latchkey ims migrate {name}", "here, with the client secret of the OAuth credential"}}}},
		{"invalid_grant", 0, "", Explanation{"IMS takes neither the assertion nor the token", []Advice{sameCredential, setClock}}},
		{"unsupported_grant_type", 0, "", Explanation{"the server does not know this way of asking", []Advice{{"check that the authorization server ({server}) is an IMS", atHere}}}},
		{"401013", 0, "", Explanation{"the gateway does not take the token: it has ended, was revoked, or is of another environment", []Advice{{"ask for a new one: latchkey ims check {name}", "here"}}}},
		{"403003", 0, "", Explanation{"the API key is not subscribed to that API, or the token is another client's", []Advice{{"add the API to the credential's project", atCredential + ", Add API"}}}},
		{"403000", 0, "", Explanation{"the API key is not subscribed to that API", []Advice{{"add the API to the credential's project", atCredential + ", Add API"}}}},
		{"403023", 0, "", Explanation{"the credential has no product profile that the product takes", []Advice{profileAdvice}}},
		{"403025", 0, "", Explanation{"the credential has no product profile that the product takes", []Advice{profileAdvice}}},
		{"429050", 0, "", Explanation{"the product was asked too often", []Advice{{"wait, and ask less often", "here"}}}},
		{"cannot_send", 0, "", Explanation{"the request for a token can't be made of these values", []Advice{{"give the value anew that the server's words name", atHere}}}},
		{"invalid_token", 0, "", Explanation{"IMS does not take the assertion", []Advice{sameCredential, setClock}}},
		{"", http.StatusTooManyRequests, "", Explanation{"IMS was asked too often", []Advice{{"wait a while; tokens are kept and asked for once, so look for another program with this API key", "here"}}}},
	}
}

// Explain says what a refusal means.
func Explain(r Refusal) Explanation {
	if r.Profile && r.HTTP == http.StatusUnauthorized {
		return Explanation{"the token is not taken where it was given", []Advice{{"check again; when it stays, something between this machine and the server answers in its place", "this network"}}}
	}
	if r.Down && r.Code != "internal_error" && r.HTTP != http.StatusTooManyRequests {
		return Explanation{"the authorization server gave no answer that tells anything", []Advice{
			{"check that {server} can be reached from here: name, firewall, proxy, certificates", "this machine: curl {server}/ims/profile/v1"}, {"check the address", atHere}}}
	}
	says := strings.ToLower(r.Description)
	for _, row := range refusals() {
		if (row.code == "" || row.code == r.Code) && (row.http == 0 || row.http == r.HTTP) && strings.Contains(says, row.says) {
			return row.Explanation
		}
	}
	if r.HTTP == http.StatusNotFound || r.HTTP >= 200 && r.HTTP < 400 {
		return Explanation{"what answers there is not an IMS", []Advice{{"check the authorization server ({server}): scheme and host alone", atHere}}}
	}
	return Explanation{"the server said no in words that are not known here", []Advice{{"read them, and compare the values with the console's", atCredential}}}
}

// fill puts a configuration's values into the advice.
func (e Explanation) fill(of *Configuration) []Advice {
	values := strings.NewReplacer("{name}", of.Name, "{alias}", of.Alias, "{server}", of.Server, "{client}", of.ClientID)
	out := make([]Advice, 0, len(e.Advice))
	for _, a := range e.Advice {
		out = append(out, Advice{values.Replace(a.Do), values.Replace(a.Where)})
	}
	return out
}
