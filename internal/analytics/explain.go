package analytics

import (
	"net/http"

	"latchkey/internal/finding"
	"latchkey/internal/gateway"
)

// In the texts of this file {name} stands for the cloud service, {ims} for its IMS configuration, {company} for the company.

const (
	atHere     = "here: latchkey cloud-service edit {name}"
	atProfile  = "Admin Console: Products, Adobe Analytics, the product profile"
	atProject  = "Developer Console: the project, the Adobe Analytics API, Edit product profiles"
	atAccount  = "Analytics: Admin, Company Settings or the user's account information"
	askSupport = "the vendor's support, with the id that stands beside the refusal"
)

var (
	permissions = finding.Change("give the profile the groups Report Suites, Metrics and Dimensions, with the report suites that are wanted in it", atProfile+", Permissions")
	attach      = finding.Change("attach a product profile of Adobe Analytics to the credential", atProject)
	propagate   = finding.Change("wait some minutes, and check again: such changes take a while", "here: latchkey ims check {ims}")
	another     = finding.Change("choose a company that discovery lists for this credential: latchkey cloud-service connect {name} --company ID", "here")
	less        = finding.Change("ask for less: a shorter range, fewer rows a page, fewer segments", "here: --range, --limit, --segment")
	later       = finding.Change("try again later; the vendor's status page tells of outages", "status.adobe.com")
	adminOf14   = finding.Change("give the user the Administrator role and Web Service Access", atAccount)
	signature   = finding.Change("copy user name, company and shared secret anew; what is signed is user:company", atAccount+"; then "+atHere)
	toIMS       = finding.Change("use the API 2.0: an IMS configuration in place of user and secret", atHere+" --authentication ims --ims-configuration NAME")
	resync      = finding.Change("fetch the lists anew and take an id of them: latchkey cloud-service sync {name}", "here")
	setClock    = finding.Change("set this machine's clock; a signature serves for a few minutes around its moment", "this machine: NTP")
)

// atGateway are the refusals of the gateway before the API 2.0 (spec/aem-target-analytics.md §3.3): those that there is more to
// say about with Analytics behind it, then all others.
func atGateway() []finding.Row {
	return append([]finding.Row{
		finding.When(gateway.ProfileInvalid, 0, "", "the credential has no product profile of Adobe Analytics: the token is good, and the gateway lets it not through to the product", attach, permissions, propagate),
		finding.When(gateway.ProfileAbsent, 0, "", "the credential has no product profile of Adobe Analytics: the token is good, and the gateway lets it not through to the product", attach, permissions, propagate),
		finding.When(gateway.TooManyRequests, 0, "", "Analytics takes 12 requests in 6 s of a user; somebody else asks with the same credential",
			finding.Change("look for another program with this API key, or give this one a credential of its own", "Developer Console: the project, Insights"),
			finding.Change("ask for reports no more than every 30 minutes", "here")),
	}, gateway.Rows()...)
}

// rows are the API 2.0's own refusals.
func rows() []finding.Row {
	return []finding.Row{
		finding.When("", http.StatusNotFound, "could not find analytics user", "the technical account is no user of that company", another, attach, propagate),
		finding.When("", 0, "cannot find proper global company id", "the service did not learn which company is meant, or that one is not the credential's", another),
		finding.When("", http.StatusInternalServerError, "", "Analytics failed on its own side; on discovery it does so too for an account that it does not know yet", propagate, finding.Change("ask", askSupport)),
		finding.When("unauthorized_metric", 0, "", "the profile may not see that metric", permissions),
		finding.When("unauthorized_dimension", 0, "", "the profile may not see that dimension", permissions),
		finding.When("not_enabled_metric", 0, "", "the metric is not enabled in that report suite", finding.Change("enable it, or take another", "Analytics: Admin, Report suites, Edit settings"), resync),
		finding.When("not_enabled_dimension", 0, "", "the dimension is not enabled in that report suite", finding.Change("enable it, or take another", "Analytics: Admin, Report suites, Edit settings"), resync),
		finding.When("", http.StatusForbidden, "", "the account may do less than was asked: its profile lacks a permission. That discovery works says nothing about reports", permissions, attach, propagate),
		finding.When("", http.StatusUnauthorized, "", "Analytics does not take the token", finding.Change("ask for a new one: latchkey ims check {ims}", "here")),
		finding.When("", http.StatusNotFound, "", "there is no such thing, or the account may not see it", resync, permissions),
		finding.When("", http.StatusBadRequest, "", "Analytics can't make sense of what was asked", finding.Change("read its words: they name the part", "here"), resync),
		finding.When("", http.StatusGatewayTimeout, "", "Analytics did not answer within the gateway's 60 s", less),
		finding.When("", http.StatusBadGateway, "", "the gateway got no answer of Analytics", later),
		finding.When("", http.StatusServiceUnavailable, "", "Analytics is not there for a while", later),
		finding.When("", http.StatusTooManyRequests, "", "Analytics was asked too often", finding.Change("wait, and ask less often", "here")),
	}
}

// classicRows are the refusals of the API 1.4 (spec/aem-target-analytics.md §3.4).
func classicRows() []finding.Row {
	return []finding.Row{
		finding.When("", 0, "unable to validate authentication", "user, company and shared secret do not belong together, or the data centre is another company's", signature,
			finding.Change("choose the company's data centre: --data-center NAME", atHere), setClock),
		finding.When("", 0, "invalid created timestamp", "the signature's moment was not understood, or is too far from the server's", setClock),
		finding.When("", 0, "invalid user specified", "there is no such user in that company", signature),
		finding.When("", 0, "do not have privileges", "the user may not call the API: the Administrator role alone is not enough", adminOf14),
		finding.When("invalid_grant", 0, "", "the server wants a token, and does not take this one", toIMS),
		finding.When("", 0, "access token provided is invalid", "the server wants a token, and does not take this one", toIMS),
		finding.When("report_suite_invalid", 0, "", "there is no such report suite in the company, or the user may not see it", resync, adminOf14),
		finding.When("metric_id_invalid", 0, "", "there is no such metric in the report suite", resync),
		finding.When("element_id_invalid", 0, "", "there is no such element in the report suite", resync),
		finding.When("segment_invalid", 0, "", "there is no such segment, or it is of another report suite", resync),
		finding.When(NotReady, 0, "", "the report is still being made", finding.Change("ask again in some seconds", "here")),
		finding.When("", http.StatusGone, "", "that API is switched off", toIMS),
		finding.When("", http.StatusForbidden, "", "the user may not do that", adminOf14, signature),
		finding.When("", http.StatusUnauthorized, "", "user, company and shared secret do not belong together", signature),
		finding.When("", http.StatusNotFound, "", "there is no such method at that server", toIMS),
	}
}

// Explain says what a refusal of the API 2.0 means.
func Explain(e *Error) finding.Explanation {
	return explain(e, append(atGateway(), rows()...), "analytics.adobe.io")
}

// ExplainClassic says what a refusal of the API 1.4 means.
func ExplainClassic(e *Error) finding.Explanation {
	out := explain(e, append(gateway.Rows(), classicRows()...), "the data centre")
	out.Advice = append(out.Advice, finding.Change("keep in mind that the vendor retired this API on "+Retired.Format("2006-01-02")+": its own servers do not answer it any more", "here"))
	return out
}

func explain(e *Error, known []finding.Row, host string) finding.Explanation {
	if e.Layer == Network {
		return finding.Explanation{Means: "no answer came: " + e.Error(), Advice: []finding.Advice{
			finding.Change("let this machine reach "+host+": name, firewall, proxy (egress.proxy), certificates", "this machine"),
		}}
	}
	found, ok := finding.Explain(finding.Refusal{HTTP: e.Status, Code: e.Code, Description: e.Message}, known)
	switch {
	case ok && (e.Layer != Foreign || e.Status == http.StatusTooManyRequests):
		return found
	case e.Layer == Foreign:
		return finding.Explanation{Means: "what answers there speaks neither like Analytics nor like the gateway before it", Advice: []finding.Advice{
			finding.Change("look whether a proxy, or a sign-in page, answers in its place", "this network"),
		}}
	}
	return finding.Explanation{Means: "the server said no in words that are not known here", Advice: []finding.Advice{finding.Change("read them; with an id, ask", askSupport)}}
}

// Means says in one line what a column's error means.
func (e *ColumnError) Means() string {
	found, ok := finding.Explain(finding.Refusal{Code: e.Code, Description: e.Description}, rows())
	if !ok {
		return e.Description
	}
	return found.Means
}
