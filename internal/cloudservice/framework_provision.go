package cloudservice

import (
	"context"
	"errors"
	"net/url"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ident"
)

// ProvisionedFramework is what a provisioned framework is called, as AEM calls Target's.
func ProvisionedFramework(k Kind) string {
	if k == Analytics {
		return "Provisioned Analytics Framework"
	}
	return "Provisioned Target Framework"
}

// provisionedPages reads the pages that a framework is to be put on, and says which have another one already.
func (s *Services) provisionedPages(ctx context.Context, place Place, kinds []Kind, values url.Values, problems *finding.Problems) ([]string, error) {
	var wrong finding.Problems
	pages := readPages(values[keyPath], &wrong)
	for _, kind := range kinds {
		for _, page := range pages {
			id, service, err := s.config.Store.PageFramework(ctx, place, kind, page)
			if err != nil {
				return nil, err
			}
			if id == "" {
				continue
			}
			own, err := s.provisionedFramework(ctx, &Service{ID: service, Organization: place.Organization, Sandbox: place.Sandbox, Kind: kind}, kind)
			if err != nil {
				return nil, err
			}
			if own == nil || own.ID != id {
				wrong.Wrong("", "another framework of "+kind.Title()+" is on the page "+page, "take it off there first: latchkey cloud-service framework edit")
			}
		}
	}
	for _, one := range wrong {
		one.Pointer = "/" + keyPath
		*problems = append(*problems, one)
	}
	return pages, nil
}

// provisionedFramework gives the provisioned framework of a service; nil when there is none.
func (s *Services) provisionedFramework(ctx context.Context, of *Service, kind Kind) (*Framework, error) {
	f, err := s.config.Store.FindFramework(ctx, of, ident.NameOf(ProvisionedFramework(kind)))
	if errors.Is(err, ErrNoFramework) {
		return nil, nil
	}
	return &f, err
}

// provisionFramework puts the framework of a provisioned service on pages, and brings it up to date with the service. It has to be
// published like any other.
func (s *Services) provisionFramework(ctx context.Context, caller access.Caller, of *Service, pages []string) error {
	title := ProvisionedFramework(of.Kind)
	values := FrameworkValues{}
	if len(pages) > 0 {
		values.Pages = &pages
	}
	if of.Kind == Analytics && len(of.Analytics.ReportSuites) > 0 {
		var uses []SuiteUse
		for _, id := range of.Analytics.ReportSuites {
			uses = append(uses, SuiteUse{ID: id, RunMode: AnyMode})
		}
		values.ReportSuites = &uses
	}
	ref := Ref{Sandbox: of.Sandbox, Name: of.ID}
	found, err := s.provisionedFramework(ctx, of, of.Kind)
	if err != nil {
		return err
	}
	if found == nil {
		values.Title = &title
		_, err = s.CreateFramework(ctx, caller, ref, NewFramework{FrameworkValues: values})
		return err
	}
	_, err = s.EditFramework(ctx, caller, ref, found.ID, values)
	return err
}
