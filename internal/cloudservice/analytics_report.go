package cloudservice

import (
	"context"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/finding"
)

// ReportPage asks for one page of a report. What is left out is the service's: its first report suite, its segment.
func (s *Services) ReportPage(ctx context.Context, caller access.Caller, ref Ref, q analytics.Query) (analytics.Page, error) {
	of, company, as, err := s.analyticsOf(ctx, caller, ref)
	if err != nil {
		return analytics.Page{}, err
	}
	if q.Suite == "" && len(of.Analytics.ReportSuites) > 0 {
		q.Suite = of.Analytics.ReportSuites[0]
	}
	if len(q.Segments) == 0 && of.Analytics.Segment != "" {
		q.Segments = []string{of.Analytics.Segment}
	}
	if err := q.Check(); err != nil {
		return analytics.Page{}, err
	}
	if of.Authentication == Credentials {
		return s.olderReport(ctx, &of, &q)
	}
	for page, err := range s.analytics.Report(ctx, as, company, q) {
		if err != nil {
			return analytics.Page{}, refused(&of, "the report", err)
		}
		return page, nil
	}
	return analytics.Page{}, nil
}

// Rate tells how an API key, which is the client id of an IMS configuration, stands with the rate of Analytics.
func (s *Services) Rate(key string) analytics.Rate { return s.analytics.Rate(key) }

// olderReport asks the API 1.4, whose reports have one page and days for a range.
func (s *Services) olderReport(ctx context.Context, of *Service, q *analytics.Query) (analytics.Page, error) {
	from, to, _ := strings.Cut(q.Range, "/")
	const day = len("2006-01-02")
	if len(from) < day || len(to) < day || strings.HasPrefix(from, "t") {
		var problems finding.Problems
		problems.Wrong("/range", "Analytics 1.4 takes two days, and no formula", `write "2026-01-01/2026-01-31"`)
		return analytics.Page{}, problems.Errors()
	}
	older := analytics.ClassicQuery{Suite: q.Suite, From: from[:day], To: to[:day], Metrics: q.Metrics, Element: q.Dimension, Top: q.Limit}
	if len(q.Segments) > 0 {
		older.Segment = q.Segments[0]
	}
	page, err := s.older.Report(ctx, of.Analytics.DataCenter, of.login(), older)
	if err != nil {
		return analytics.Page{}, refused(of, "the report", err)
	}
	return page, nil
}
