package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"latchkey/client"
)

// analyticsFlags are the settings of a service of Analytics.
type analyticsFlags struct {
	company, username, password, dataCenter, digest, segment                 string
	suites                                                                   []string
	a4t, noTag, noPageLoad, appMeasurement, clientContext, additionalContext bool
}

func (f *analyticsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.company, "company", "", "Analytics: `id` of the company, where the credential sees several; with credentials, the login company")
	flags.StringVar(&f.username, "username", "", "Analytics 1.4: user `name` that goes with the shared secret")
	flags.StringVar(&f.password, "password", "", "Analytics 1.4: the user's password, traded for the shared secret and kept nowhere: `@FILE`, or - for standard input")
	flags.StringVar(&f.dataCenter, "data-center", "", "Analytics 1.4: `name` of the data center: default, dallas, london, singapore, oregon, or one of your own")
	flags.StringVar(&f.digest, "digest", "", "Analytics 1.4: `hash` that signs, sha256 or sha1")
	flags.StringSliceVar(&f.suites, "report-suite", nil, "Analytics: a report `suite` that pages send to; repeat for more")
	flags.StringVar(&f.segment, "segment", "", "Analytics: `id` of the segment that reports are made of")
	flags.BoolVar(&f.a4t, "offer-a4t", false, "Analytics: services of Target may report with it")
	flags.BoolVar(&f.noTag, "no-tracking-tag", false, "Analytics: put no tracking tag into pages")
	flags.BoolVar(&f.noPageLoad, "no-page-load-event", false, "Analytics: do not track a page's load")
	flags.BoolVar(&f.appMeasurement, "app-measurement", true, "Analytics: pages use AppMeasurement")
	flags.BoolVar(&f.clientContext, "client-context", false, "Analytics: pages use the ClientContext")
	flags.BoolVar(&f.additionalContext, "additional-context-data", false, "Analytics: pages send additional context data")
}

// values gives those that were set; nil without any.
func (f *analyticsFlags) values(flags *pflag.FlagSet) *client.CloudServiceAnalyticsValues {
	v := client.CloudServiceAnalyticsValues{
		Company: given(flags, "company", &f.company), Username: given(flags, "username", &f.username), DataCenter: given(flags, "data-center", &f.dataCenter),
		Segment: given(flags, "segment", &f.segment), A4T: given(flags, "offer-a4t", &f.a4t),
		Password: given(flags, "password", &f.password), Digest: given(flags, "digest", &f.digest),
		NoTag: given(flags, "no-tracking-tag", &f.noTag), NoPageLoad: given(flags, "no-page-load-event", &f.noPageLoad),
		AppMeasurement: given(flags, "app-measurement", &f.appMeasurement), ClientContext: given(flags, "client-context", &f.clientContext),
		AdditionalContext: given(flags, "additional-context-data", &f.additionalContext),
	}
	if flags.Changed("report-suite") {
		v.ReportSuites = &f.suites
	}
	if v == (client.CloudServiceAnalyticsValues{}) {
		return nil
	}
	return &v
}

// analyticsRows are what "show" tells of a service of Analytics.
func analyticsRows(a *client.CloudServiceAnalytics) [][2]string {
	if a == nil {
		return nil
	}
	var companies []string
	for _, c := range a.Companies {
		companies = append(companies, c.Name+" ("+c.ID+")")
	}
	return [][2]string{
		{"company", a.Company}, {"user name", a.Username}, {"data center", a.DataCenter}, {"report suites", strings.Join(a.ReportSuites, ", ")},
		{"segment", a.Segment}, {"used company", a.Connected}, {"user", a.User}, {"tracking", tracking(a.Tracking)}, {"offers A4T", strconv.FormatBool(a.A4T)}, {"companies", strings.Join(companies, ", ")},
	}
}

// tracking names the switches that are on.
func tracking(t client.CloudServiceTracking) string {
	var on []string
	for _, one := range []struct {
		name string
		on   bool
	}{
		{"no tracking tag", t.NoTag}, {"no page load event", t.NoPageLoad}, {"AppMeasurement", t.AppMeasurement}, {"ClientContext", t.ClientContext},
		{"additional context data", t.AdditionalContext},
	} {
		if one.on {
			on = append(on, one.name)
		}
	}
	return strings.Join(on, ", ")
}
