package target

import (
	"net/http"

	"latchkey/internal/finding"
	"latchkey/internal/gateway"
)

// In the texts of this file {name} stands for the cloud service, {ims} for its IMS configuration, {tenant} for the tenant id.

const (
	atHere    = "here: latchkey cloud-service edit {name}"
	atRole    = "Admin Console: Products, Adobe Target, Product Profiles, the profile, API Credentials"
	atProject = "Developer Console: the project, the Adobe Target API, Edit product profiles"
	askWith   = "the vendor's support, with the request id that stands beside the refusal"
)

var (
	editor    = finding.Change("raise the role of the credential from Observer to Editor", atRole)
	attach    = finding.Change("attach a product profile of Adobe Target to the credential; each is a workspace of Target", atProject)
	propagate = finding.Change("wait some minutes, and check again: such changes take a while", "here: latchkey ims check {ims}")
	tenant    = finding.Change("write the tenant id, which stands behind @ in https://experience.adobe.com/#/@TENANT/target; it is not always the client code", atHere+" --tenant-id ID")
	subscribe = finding.Change("add the API Adobe Target to the project whose API key this is", "Developer Console: the project, Add API")
	oneSource = finding.Change("take API key and token from the same credential", "here: latchkey ims edit {ims}")
	renewed   = finding.Change("ask for a new one: latchkey ims check {ims}", "here")
	again     = finding.Change("wait, and do it again", "here")
	upgrade   = finding.Change("report it: the version of the API that is asked for is a part of this program", "here: latchkey version")
	proxyAuth = finding.Change("give the proxy's user and password: egress.proxy", "here: the server's configuration")
)

// codes are those refusals of the gateway that Target has more to say about (spec/aem-target-analytics.md §2.5).
func codes() []finding.Row {
	noProfile := "the credential has no product profile of Adobe Target: the token is good, and the gateway does not let it through to the product"
	return []finding.Row{
		finding.When(gateway.KeyInvalid, 0, "", "the API key is not subscribed to Adobe Target, or the token is another client's", subscribe, oneSource),
		finding.When(gateway.ProfileInvalid, 0, "", noProfile, attach, propagate),
		finding.When(gateway.ProfileAbsent, 0, "", noProfile, attach, propagate),
		finding.When(gateway.TooManyRequests, 0, "", "Target was asked too often with this credential", again,
			finding.Change("look for another program with this API key", "Developer Console: the project, Insights")),
		finding.When("500", http.StatusInternalServerError, "check your uri", "there is no such path at the gateway: the tenant id is wrong, most likely", tenant),
	}
}

// statuses are what Target itself says with, whatever its words.
func statuses() []finding.Row {
	return []finding.Row{
		finding.When("", http.StatusNotAcceptable, "", "Target does not speak the version that was asked for (406), or what is asked for was made with features that the version does not know", upgrade,
			finding.Change("change it in Target itself, where it was made with newer features", "Target")),
		finding.When("", http.StatusUnauthorized, "", "Target does not take the token", renewed),
		finding.When("", http.StatusNotFound, "", "there is no such thing in the account, or the tenant id is another's", tenant),
		finding.When("", http.StatusBadRequest, "workspace", "there is no such workspace in the account, or the credential does not have it",
			finding.Change("choose one of those that connecting lists: latchkey cloud-service edit {name} --workspace ID", "here"), attach),
		finding.When("", http.StatusBadRequest, "", "Target can't make sense of what was sent",
			finding.Change("read its words: they name the part", "here")),
		finding.When("", http.StatusProxyAuthRequired, "", "a proxy on the way wants a password (407)", proxyAuth),
		finding.When("", http.StatusConflict, "", "something of that name is there already, or was changed meanwhile", again),
		finding.When("", http.StatusTooManyRequests, "", "Target was asked too often", again),
		finding.When("", http.StatusInternalServerError, "", "Target failed on its own side", again, finding.Change("ask", askWith)),
		finding.When("", http.StatusBadGateway, "", "the gateway got no answer from Target", again),
		finding.When("", http.StatusServiceUnavailable, "", "Target is not available at the moment", again),
		finding.When("", http.StatusGatewayTimeout, "", "Target did not answer the gateway in time", again),
	}
}

// forbidden is what 403 of Target itself means: who may read may not write yet.
func forbidden(writes bool) finding.Row {
	if writes {
		return finding.When("", http.StatusForbidden, "", "the credential may read and not write: its role is Observer", editor, propagate)
	}
	return finding.When("", http.StatusForbidden, "", "the credential may not see that: the tenant is another organization's, or its product profile has no role in Target", tenant, attach, editor, propagate)
}

// Explain says what an error of the Admin API means.
func Explain(e *Error) finding.Explanation {
	switch e.Layer {
	case Here:
		return finding.Explanation{Means: e.Error(), Advice: []finding.Advice{tenant}}
	case Network:
		return finding.Explanation{Means: "no answer came: " + e.Error(), Advice: []finding.Advice{
			finding.Change("let this machine reach the address of Target: name, firewall, proxy (egress.proxy), certificates", "this machine"),
		}}
	}
	known := append(codes(), gateway.Rows()...)
	if e.Layer == Service {
		known = []finding.Row{forbidden(e.Write)}
	}
	found, ok := finding.Explain(finding.Refusal{HTTP: e.Status, Code: e.Code, Description: e.Message}, append(known, statuses()...))
	switch {
	case ok && (e.Layer != Foreign || e.Status == http.StatusProxyAuthRequired || e.Status >= 500 || e.Status == http.StatusTooManyRequests):
		return found
	case e.Layer == Foreign:
		return finding.Explanation{Means: "what answers there speaks neither like Target nor like the gateway before it", Advice: []finding.Advice{
			finding.Change("look whether a proxy, or a sign-in page, answers in its place", "this network"), tenant,
		}}
	}
	return finding.Explanation{Means: "the server said no in words that are not known here", Advice: []finding.Advice{finding.Change("read them; with a request id, ask", askWith)}}
}
