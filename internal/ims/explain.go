package ims

import (
	"net/http"

	"latchkey/internal/finding"
	"latchkey/internal/gateway"
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

const (
	atCredential = "Developer Console: the project, its credential"
	atHere       = "here: latchkey ims edit {name}"
)

var (
	bind           = finding.Change("bind the certificate of {alias} to the credential (latchkey ims certificate show {alias} --pem), or sign with a key whose certificate is bound", "Developer Console: the project, its Service Account (JWT) credential, Public keys")
	sameCredential = finding.Change("take API key, client secret and payload from the same credential", atHere)
	setClock       = finding.Change("set this machine's clock; IMS bears a difference of 30 seconds", "this machine: NTP")
	metascope      = finding.Change("subscribe the credential to the API of the product, and take over the metascopes that the payload shows then", atCredential+"; then here: latchkey ims edit {name} --payload @FILE")
)

// refusals knows what IMS says (spec/aem-target-analytics.md §1.4, §2.5; spec/ims-and-console.md §1.3). The first
// row that fits counts.
func refusals() []finding.Row {
	return []finding.Row{
		finding.When("", 0, "could not match jwt signature", "the signature fits no certificate that is bound to the credential",
			bind,
			sameCredential),
		finding.When("invalid_signature", 0, "", "the signature fits no certificate that is bound to the credential",
			bind,
			sameCredential),
		finding.When("", 0, "not a subset of the metascopes", "the payload asks for metascopes that the credential does not have",
			metascope),
		finding.When("invalid_token", 0, "expired", "the assertion had expired when it arrived",
			setClock),
		finding.When("invalid_token", 0, "can not be decoded", "IMS could not read the assertion",
			sameCredential,
			setClock),
		finding.When("invalid_jti", 0, "", "the certificate was bound so that each assertion needs a number (jti), and AEM's have none",
			finding.Change("bind the certificate anew without that", atCredential+", Public keys")),
		finding.When("invalid_client", 0, "exchange_jwt", "the credential may not exchange assertions: it is OAuth's, or its JWT part is gone",
			finding.Change("migrate the configuration: latchkey ims migrate {name} --client-secret @FILE", "here, with the client secret of the console's OAuth Server-to-Server credential")),
		finding.When("invalid_client", http.StatusBadRequest, "", "there is no such credential at this server: the API key is wrong, or of another environment",
			finding.Change("copy the API key ({client}) anew", atCredential),
			finding.Change("check that the authorization server ({server}) is the credential's", atHere)),
		finding.When("invalid_client", 0, "", "API key and client secret do not belong together, or the credential may not ask in this way",
			finding.Change("copy the client secret anew", atCredential+", Retrieve client secret; then here: latchkey ims edit {name} --client-secret @FILE")),
		finding.When("unauthorized_client", 0, "", "the credential may not ask for a token in this way: it is of another type",
			finding.Change("use the type that the console shows: Service Account (JWT) is jwt, OAuth Server-to-Server is oauth", "here: latchkey ims migrate {name}, or latchkey ims edit {name} --type")),
		finding.When("invalid_scope", 0, "", "the credential does not have the scopes or metascopes that were asked for, or none was",
			finding.Change("copy the scopes that the console shows", atCredential+"; then here: latchkey ims edit {name}")),
		finding.When("bad_request", 0, "", "IMS could read the assertion, and its sub, iss, exp or jti is not the credential's, or of a wrong form",
			finding.Change("copy the payload anew, whole", atCredential+", Generate JWT; then here: latchkey ims edit {name} --payload @FILE")),
		finding.When("internal_error", 0, "", "IMS answers so when a JWT is exchanged of a credential that was migrated to OAuth",
			finding.Change("migrate the configuration too: latchkey ims migrate {name}", "here, with the client secret of the OAuth credential")),
		finding.When("invalid_grant", 0, "", "IMS takes neither the assertion nor the token",
			sameCredential,
			setClock),
		finding.When("unsupported_grant_type", 0, "", "the server does not know this way of asking",
			finding.Change("check that the authorization server ({server}) is an IMS", atHere)),
		finding.When("cannot_send", 0, "", "the request for a token can't be made of these values",
			finding.Change("give the value anew that the server's words name", atHere)),
		finding.When("invalid_token", 0, "", "IMS does not take the assertion",
			sameCredential,
			setClock),
		finding.When("", http.StatusTooManyRequests, "", "IMS was asked too often",
			finding.Change("wait a while; tokens are kept and asked for once, so look for another program with this API key", "here")),
	}
}

// Explain says what a refusal means.
func Explain(r Refusal) finding.Explanation {
	if r.Profile && r.HTTP == http.StatusUnauthorized {
		return finding.Explanation{Means: "the token is not taken where it was given", Advice: []finding.Advice{finding.Change("check again; when it stays, something between this machine and the server answers in its place", "this network")}}
	}
	if r.Down && r.Code != "internal_error" && r.HTTP != http.StatusTooManyRequests {
		return finding.Explanation{Means: "the authorization server gave no answer that tells anything", Advice: []finding.Advice{finding.Change("check that {server} can be reached from here: name, firewall, proxy, certificates", "this machine: curl {server}/ims/profile/v1"), finding.Change("check the address", atHere)}}
	}
	if found, ok := finding.Explain(finding.Refusal{HTTP: r.HTTP, Code: r.Code, Description: r.Description}, append(gateway.Rows(), refusals()...)); ok {
		return found
	}
	if r.HTTP == http.StatusNotFound || r.HTTP >= 200 && r.HTTP < 400 {
		return finding.Explanation{Means: "what answers there is not an IMS", Advice: []finding.Advice{finding.Change("check the authorization server ({server}): scheme and host alone", atHere)}}
	}
	return finding.Explanation{Means: "the server said no in words that are not known here", Advice: []finding.Advice{finding.Change("read them, and compare the values with the console's", atCredential)}}
}

// fill puts a configuration's values into the advice.
func (x *checkup) fill(found finding.Explanation) []finding.Advice {
	return found.Fill("{name}", x.of.Name, "{alias}", x.of.Alias, "{server}", x.of.Server, "{client}", x.of.ClientID).Advice
}
