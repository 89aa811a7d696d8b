package web

import (
	"fmt"

	"latchkey/internal/cloudservice"
	"latchkey/internal/ims"
)

// How a cloud service stands with others: with the service that reports on its activities (A4T), and with the rate of Analytics.

// standing is a word on how something stands, and why.
type standing struct{ Title, Path, Word, Tone, Says string }

// serviceReporting fills in how a service stands with others.
func (v *visit) serviceReporting(view *serviceView, configurations []ims.Configuration) error {
	all, err := v.CloudServices.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return err
	}
	if view.Target != nil && view.Target.A4T != "" {
		view.A4T = a4tOf(all, view.Target.A4T)
	}
	if view.Analytics == nil {
		return nil
	}
	for _, s := range all {
		if s.Target != nil && s.Target.A4T == view.ID {
			view.Reports = append(view.Reports, v.serviceRow(s, configurations))
		}
	}
	view.Rate = v.rateWith(&view.With)
	return nil
}

// a4tOf tells of the service that a service of Target names to report on its activities.
func a4tOf(all []cloudservice.Service, id string) *standing {
	for _, s := range all {
		if s.ID != id {
			continue
		}
		out := &standing{Title: s.Title, Path: servicePath(&s), Word: "offers A4T", Tone: "good"}
		if s.Analytics == nil || !s.Analytics.A4T {
			out.Word, out.Tone, out.Says = "does not offer A4T", "warn", "Turn on “Offer it to Target for A4T” in its settings, or name another here."
		}
		return out
	}
	return &standing{Word: "gone", Tone: "bad", Says: "The cloud service that it names is not there any more. Name another in the settings."}
}

func (v *visit) rateOf(s *cloudservice.Service) (*standing, error) {
	if s.Configuration == "" {
		return nil, nil
	}
	configurations, err := v.IMS.List(v.r.Context(), v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	row := v.serviceRow(*s, configurations)
	return v.rateWith(&row.With), nil
}

// rateWith tells how a configuration's client id stands with the rate of Analytics; nil for one that calls by none.
func (v *visit) rateWith(c *ims.Configuration) *standing {
	if c.ClientID == "" {
		return nil
	}
	r := v.CloudServices.Rate(c.ClientID)
	out := &standing{Word: fmt.Sprintf("%d of %d calls free", r.Free, r.Of), Tone: "good",
		Says: fmt.Sprintf("Analytics takes %d calls in %d seconds of a client id; this server spaces its own, so that none is refused.", r.Of, int(r.Within.Seconds()))}
	switch {
	case !r.Until.IsZero():
		out.Word, out.Tone = "held off", "warn"
		out.Says = "Analytics has refused for too many calls, and wants to be asked again " + ago(r.Until, v.Clock.Now()) + ". Until then this server sends none for the client id."
	case r.Free == 0:
		out.Word, out.Tone = "all in use", "warn"
	}
	return out
}
