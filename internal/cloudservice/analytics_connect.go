package cloudservice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/analytics"
	"latchkey/internal/finding"
	"latchkey/internal/suggest"
)

// callAnalytics is what Connect calls of Analytics, from the call that needs least to the one that needs a permission: discovery
// succeeds for accounts that may see nothing.
func (s *Services) callAnalytics(ctx context.Context, of *Service, with *Reached, state *State) (finding.Layer, error) {
	if of.Authentication == Credentials {
		return s.callOlderAnalytics(ctx, of, state)
	}
	as := analytics.Access{APIKey: with.APIKey, Token: with.Token}
	seen, err := s.analytics.Discover(ctx, as)
	if err != nil {
		return refusedBy(of, "discovery", err)
	}
	company, layer := choose(of, seen)
	if layer != nil {
		return *layer, nil
	}
	me, err := s.analytics.Me(ctx, as, company.ID)
	if err != nil {
		return refusedBy(of, "the user", err)
	}
	state.Analytics = &AnalyticsState{Company: company, Companies: companies(seen), User: me.Login}
	first, found, err := s.firstSuite(ctx, of, as, company.ID)
	if err != nil {
		return refusedBy(of, "the report suites", err)
	}
	if found == 0 {
		return failed("company "+company.ID+": the account sees no report suite", finding.Change("give the profile report suites, and the groups Report Suites, Metrics and Dimensions",
			"Admin Console: Products, Adobe Analytics, the product profile, Permissions")), nil
	}
	warnings, err := s.tryReport(ctx, as, company.ID, first)
	if err != nil {
		return refusedBy(of, "a report of "+first, err)
	}
	return finding.Layer{Status: finding.OK, Warnings: warnings, Message: fmt.Sprintf("company %s (%s), user %s; report suites are seen, and a report of %s was given", company.ID, company.Name, me.Login, first)}, nil
}

// firstSuite gives the report suite that the small call is made of: the first that the service is set to, else the first there is.
// A service's suite that the account does not see shows in the call.
func (s *Services) firstSuite(ctx context.Context, of *Service, as analytics.Access, company string) (first string, found int, err error) {
	for suite, err := range s.analytics.Suites(ctx, as, company) {
		if err != nil {
			return "", 0, err
		}
		if len(of.Analytics.ReportSuites) > 0 {
			return of.Analytics.ReportSuites[0], 1, nil
		}
		return suite.ID, 1, nil
	}
	return "", 0, nil
}

// tryReport asks for the smallest report there is: one number of one day. It takes the permissions that reports take.
func (s *Services) tryReport(ctx context.Context, as analytics.Access, company, suite string) (warnings []string, err error) {
	for page, err := range s.analytics.Report(ctx, as, company, analytics.Query{Suite: suite, Range: "td-1d/td", Metrics: []string{"occurrences"}}) {
		if err != nil {
			return nil, err
		}
		for _, column := range page.Errors {
			warnings = append(warnings, "the report came without "+column.Metric+": "+column.Means())
		}
		break
	}
	return warnings, nil
}

// choose takes the company that the service names, or the only one; otherwise the layer says what to do.
func choose(of *Service, seen []analytics.Company) (Company, *finding.Layer) {
	var names []string
	for _, c := range seen {
		if c.ID == of.Analytics.Company || of.Analytics.Company == "" && len(seen) == 1 {
			return Company{c.ID, c.Name}, nil
		}
		names = append(names, c.ID)
	}
	const choice = "choose one: latchkey cloud-service edit {name} --company ID"
	out := failed("", finding.Change(strings.ReplaceAll(choice, "{name}", of.Name), "here; there are "+strings.Join(names, ", ")))
	switch {
	case len(seen) == 0:
		out = failed("the credential sees no company of Analytics", finding.Change("attach a product profile of Adobe Analytics to the credential, and wait some minutes", "Developer Console: the project, the Adobe Analytics API, Edit product profiles"))
	case of.Analytics.Company == "":
		out.Message = "the credential sees several companies: " + strings.Join(names, ", ")
	default:
		out.Message = "the credential does not see the company " + of.Analytics.Company
		if near, ok := suggest.Closest(of.Analytics.Company, names); ok {
			out.Message += "; did you mean " + near + "?"
		}
	}
	return Company{}, &out
}

func companies(seen []analytics.Company) []Company {
	var out []Company
	for _, c := range seen {
		out = append(out, Company{c.ID, c.Name})
	}
	slices.SortFunc(out, func(a, b Company) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// callOlderAnalytics is AEM's check of user and secret: the company's report suites.
func (s *Services) callOlderAnalytics(ctx context.Context, of *Service, state *State) (finding.Layer, error) {
	suites, err := s.older.ReportSuites(ctx, of.Analytics.DataCenter, of.login())
	if err != nil {
		return refusedBy(of, "the report suites", err)
	}
	company := Company{of.Analytics.Company, of.Analytics.Company}
	state.Analytics = &AnalyticsState{Company: company, Companies: []Company{company}, User: of.Analytics.Username}
	return finding.Layer{Status: finding.OK, Message: fmt.Sprintf("company %s, user %s: %d report suites", company.ID, of.Analytics.Username, len(suites))}, nil
}

// refusedBy makes a layer of a call's refusal; what is none stays an error.
func refusedBy(of *Service, what string, err error) (finding.Layer, error) {
	e, ok := errors.AsType[*analytics.Error](err)
	if !ok {
		return finding.Layer{}, err
	}
	found := analytics.Explain(e)
	if of.Authentication == Credentials {
		found = analytics.ExplainClassic(e)
	}
	found = found.Fill("{name}", of.Name, "{ims}", of.Configuration)
	return finding.Layer{
		Status: finding.Failed, Message: what + ": " + found.Means, Code: e.Code, Description: said(e), HTTP: e.Status, Advice: found.Advice,
	}, nil
}

// said gives a refusal's own words, with the id that the vendor's support asks for.
func said(e *analytics.Error) string {
	if e.ID != "" {
		return e.Message + " (id " + e.ID + ")"
	}
	return e.Message
}

func failed(message string, advice ...finding.Advice) finding.Layer {
	return finding.Layer{Status: finding.Failed, Message: message, Advice: advice}
}

// refused makes an error of a call's refusal that says as much as Connect does.
func refused(of *Service, what string, err error) error {
	layer, err := refusedBy(of, what, err)
	if err != nil {
		return err
	}
	layer.Name = LayerProduct
	return &RefusedError{layer}
}

// probeAnalytics makes the calls with a token alone, where no service uses it yet: of the first company that it sees.
func (s *Services) probeAnalytics(ctx context.Context, with Access) finding.Layer {
	nobody := &Service{Name: "NAME", Kind: Analytics, Authentication: IMS, Analytics: newAnalytics()}
	seen, err := s.analytics.Discover(ctx, analytics.Access{APIKey: with.APIKey, Token: with.Token})
	if err == nil && len(seen) > 1 {
		nobody.Analytics.Company = seen[0].ID
	}
	layer, err := s.callAnalytics(ctx, nobody, &Reached{Access: with}, &State{})
	if err != nil {
		return finding.Layer{Status: finding.Unchecked, Message: "not checked: Analytics could not be called"}
	}
	return layer
}
