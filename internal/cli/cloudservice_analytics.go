package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"latchkey/client"
)

// analyticsFlags are the settings of a service of Analytics.
type analyticsFlags struct {
	company, username, dataCenter, segment string
	suites                                 []string
	a4t                                    bool
}

func (f *analyticsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.company, "company", "", "Analytics: `id` of the company, where the credential sees several; with credentials, the login company")
	flags.StringVar(&f.username, "username", "", "Analytics 1.4: user `name` that goes with the shared secret")
	flags.StringVar(&f.dataCenter, "data-center", "", "Analytics 1.4: `name` of the data center")
	flags.StringSliceVar(&f.suites, "report-suite", nil, "Analytics: a report `suite` that pages send to; repeat for more")
	flags.StringVar(&f.segment, "segment", "", "Analytics: `id` of the segment that reports are made of")
	flags.BoolVar(&f.a4t, "offer-a4t", false, "Analytics: services of Target may report with it")
}

// values gives those that were set; nil without any.
func (f *analyticsFlags) values(flags *pflag.FlagSet) *client.CloudServiceAnalyticsValues {
	v := client.CloudServiceAnalyticsValues{
		Company: given(flags, "company", &f.company), Username: given(flags, "username", &f.username), DataCenter: given(flags, "data-center", &f.dataCenter),
		Segment: given(flags, "segment", &f.segment), A4T: given(flags, "offer-a4t", &f.a4t),
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
		{"segment", a.Segment}, {"offers A4T", strconv.FormatBool(a.A4T)}, {"companies", strings.Join(companies, ", ")},
	}
}
