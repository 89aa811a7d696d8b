package cloudservice

import (
	"context"
	"errors"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/analytics"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// applyAnalytics lays values over the settings.
func (s *Services) applyAnalytics(ctx context.Context, _ access.Caller, v *AnalyticsValues, to *Service, problems *finding.Problems) {
	a := to.Analytics
	for _, one := range []struct{ given, to *string }{
		{v.Company, &a.Company}, {v.Username, &a.Username}, {v.DataCenter, &a.DataCenter}, {v.Segment, &a.Segment},
	} {
		if one.given != nil {
			*one.to = strings.TrimSpace(*one.given)
		}
	}
	if v.ReportSuites != nil {
		a.ReportSuites = trimmed(*v.ReportSuites)
	}
	set(v.Digest, &a.Digest)
	set(v.A4T, &a.A4T)
	set(v.NoTag, &a.Tracking.NoTag)
	set(v.NoPageLoad, &a.Tracking.NoPageLoad)
	set(v.AppMeasurement, &a.Tracking.AppMeasurement)
	set(v.ClientContext, &a.Tracking.ClientContext)
	set(v.AdditionalContext, &a.Tracking.AdditionalContext)
	if a.Digest != "" && a.Digest != analytics.SHA1 && a.Digest != analytics.SHA256 {
		problems.Wrong("/analytics/digest", "there is no such digest", `use "sha256" or "sha1"`)
	}
	if strings.ContainsAny(a.Username+a.Company, "\"\\\r\n") {
		problems.Wrong("/analytics/username", "a user or company can't have quotation marks, backslashes or line breaks", "copy them from Analytics' account information")
	}
	s.applyCenter(to, problems)
	if v.Password != nil && !v.Password.Empty() && problems.Errors() == nil {
		s.tradePassword(ctx, *v.Password, to, problems)
	}
	if problems.Errors() == nil {
		if err := s.suitesKnown(ctx, to, a.ReportSuites, "/analytics/report_suites", finding.Doubtful, problems); err != nil {
			s.config.Log.WarnContext(ctx, "report suites could not be held against the synced list", "service", to.Name, "error", err)
		}
	}
}

// applyCenter lets a service name a data centre of the operator's list alone: no caller says where a request goes.
func (s *Services) applyCenter(to *Service, problems *finding.Problems) {
	a := to.Analytics
	if to.Authentication == IMS {
		if a.DataCenter != "" {
			a.DataCenter = ""
			problems.Add(finding.Noted, "/analytics/data_center", "the API 2.0 has one address; this was not kept", "leave it out")
		}
		return
	}
	center, err := s.older.Centers.Find(a.DataCenter)
	if err != nil {
		fix := strings.TrimPrefix(err.Error(), analytics.ErrCenter.Error()+": ")
		problems.Wrong("/analytics/data_center", "there is no such data centre", fix)
		return
	}
	a.DataCenter = center.Name
}

// tradePassword gets the shared secret for a user's password, as AEM does: what is kept is the secret.
func (s *Services) tradePassword(ctx context.Context, password secret.String, to *Service, problems *finding.Problems) {
	const pointer = "/analytics/password"
	a := to.Analytics
	if to.Authentication != Credentials || a.Company == "" || a.Username == "" {
		problems.Wrong(pointer, "a password is traded for the shared secret of Analytics 1.4, with company and user name beside it", `set authentication to "credentials", and give company and username`)
		return
	}
	key, err := s.older.LoginKey(ctx, a.DataCenter, a.Company, a.Username, password)
	if err == nil {
		to.Secret = key
		return
	}
	refused, ok := errors.AsType[*analytics.Error](err)
	if !ok {
		problems.Wrong(pointer, "the data centre could not be asked", "give the shared secret itself")
		return
	}
	found := analytics.ExplainClassic(refused).Fill("{name}", to.Name)
	problems.Wrong(pointer, "no shared secret was given for it: "+found.Means+"; it said: "+refused.Error(), found.Advice[0].Do)
}

// Centers gives the data centres of Analytics 1.4 that a service may name.
func (s *Services) Centers() analytics.Centers { return s.older.Centers }
