package cloudservice

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// Values are what people enter. A nil member stays as it is.
type Values struct {
	Title          *string
	Authentication *Authentication
	// Configuration is the id or the name of an IMS configuration; "" takes it away.
	Configuration *string
	Secret        *secret.String
	// Target and Analytics are for services of that product.
	Target    *TargetValues
	Analytics *AnalyticsValues
}

// Saved is what was kept, and what is worth knowing about it.
type Saved struct {
	Service  Service
	Problems finding.Problems
}

const maxTitle = 255

// begin makes a new service of what was asked for.
func (s *Services) begin(ctx context.Context, caller access.Caller, made *Service, ask *Create) (finding.Problems, error) {
	switch made.Kind {
	case Target:
		made.Target = newTarget()
	case Analytics:
		made.Analytics = newAnalytics()
	default:
		var problems finding.Problems
		problems.Wrong("/kind", "there is no such cloud service", `use "target" or "analytics"`)
		return nil, problems.Errors()
	}
	problems, err := s.apply(ctx, caller, &ask.Values, made)
	if err != nil {
		return nil, err
	}
	made.Name = ask.Name
	if made.Name == "" {
		made.Name = ident.NameOf(made.Title)
	}
	if !ident.IsName(made.Name) || strings.HasPrefix(made.Name, "cs_") || made.Name == "provision" {
		problems.Wrong("/name", "this can't be a name", ident.NameRule)
	}
	if made.Title == "" {
		made.Title = made.Name
	}
	return problems, problems.Errors()
}

// apply lays values over a service, and says what is wrong with them.
func (s *Services) apply(ctx context.Context, caller access.Caller, v *Values, to *Service) (finding.Problems, error) {
	var problems finding.Problems
	if v.Title != nil {
		to.Title = strings.TrimSpace(*v.Title)
		if utf8.RuneCountInString(to.Title) > maxTitle || strings.ContainsFunc(to.Title, unicode.IsControl) {
			problems.Wrong("/title", "the title is too long, or has control characters in it", "shorten it to one line")
		}
	}
	if v.Authentication != nil {
		to.Authentication = *v.Authentication
	}
	if to.Authentication != IMS && to.Authentication != Credentials {
		problems.Wrong("/authentication", "there is no such way", `use "ims", or "credentials" for the products' older APIs`)
	}
	if v.Configuration != nil {
		if err := s.applyConfiguration(ctx, caller, *v.Configuration, to, &problems); err != nil {
			return nil, err
		}
	}
	if v.Secret != nil {
		to.Secret = *v.Secret
	}
	if to.Authentication == IMS && !to.Secret.Empty() {
		to.Secret = secret.String{}
		if v.Secret != nil {
			problems.Add(finding.Noted, "/secret", "an IMS configuration has its own secret; this one was not kept", "leave it out, or set authentication to credentials")
		}
	}
	if to.Authentication == Credentials && to.Configuration != "" {
		problems.Wrong("/ims_configuration", "the older APIs take no token of IMS", `leave it out, or set authentication to "ims"`)
	}
	return problems, s.applySettings(ctx, caller, v, to, &problems)
}

// applySettings lays the product's own settings over those that are there.
func (s *Services) applySettings(ctx context.Context, caller access.Caller, v *Values, to *Service, problems *finding.Problems) error {
	if v.Target != nil && to.Kind != Target {
		problems.Wrong("/target", "the cloud service is one of Analytics", "leave these out")
		return nil
	}
	if v.Analytics != nil && to.Kind != Analytics {
		problems.Wrong("/analytics", "the cloud service is one of Target", "leave these out")
		return nil
	}
	if to.Kind == Target {
		values := v.Target
		if values == nil {
			values = &TargetValues{}
		}
		return s.applyTarget(ctx, values, to, problems)
	}
	values := v.Analytics
	if values == nil {
		values = &AnalyticsValues{}
	}
	s.applyAnalytics(ctx, caller, values, to, problems)
	return nil
}

func (s *Services) applyConfiguration(ctx context.Context, caller access.Caller, ref string, to *Service, problems *finding.Problems) error {
	const pointer = "/ims_configuration"
	if ref = strings.TrimSpace(ref); ref == "" {
		to.Configuration = ""
		return nil
	}
	found, err := s.config.Tokens.Find(ctx, caller, to.place(), ref)
	if errors.Is(err, ErrNoConfiguration) {
		problems.Wrong(pointer, "there is no IMS configuration of that name here", "list them: latchkey ims list; or make one: latchkey ims create")
		return nil
	}
	if err != nil {
		return err
	}
	to.Configuration = found.Name
	if found.Solution != "" && found.Solution != string(to.Kind) {
		problems.Add(finding.Doubtful, pointer, "the IMS configuration "+found.Name+" is for "+found.Solution, "use one for "+to.Kind.Title()+", whose credential is subscribed to its API")
	}
	return nil
}
