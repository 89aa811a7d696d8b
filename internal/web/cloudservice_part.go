package web

import (
	"errors"
	"maps"
	"net/http"
	"net/url"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/finding"
)

// The parts of a cloud service, each on a page of its own: what was brought home of the product, what is sent there, and what
// pages embed.

const serviceOne = "/cloud-services/{name}"

func (p *Pages) servicePartRoutes() map[string]func(*visit) error {
	out := map[string]func(*visit) error{}
	for _, routes := range []map[string]func(*visit) error{p.audienceRoutes(), p.offerRoutes(), p.productListRoutes(), p.libraryRoutes(), p.analyticsRoutes(), p.frameworkRoutes()} {
		maps.Copy(out, routes)
	}
	return out
}

// serviceHead is what stands above each part of a service.
type serviceHead struct {
	cloudservice.Service
	Path string
	Tabs *tabs
	May  bool
	Role string
	// Unready says why the product can't be asked.
	Unready string
}

// The parts of a service.
const (
	partOverview   = "Overview"
	partAudiences  = "Audiences"
	partOffers     = "Offers"
	partActivities = "Activities"
	partMboxes     = "Mboxes"
	partProperties = "Properties"
	partLibrary    = "Client library"
	partLists      = "Lists"
	partReport     = "Report"
	partFrameworks = "Frameworks"
)

func serviceTabs(s *cloudservice.Service, here string) *tabs {
	path := servicePath(s)
	t := &tabs{Label: "Parts of the cloud service", Here: here}
	t.add(partOverview, path)
	if s.Kind == cloudservice.Target {
		t.add(partAudiences, path+"/audiences")
		t.add(partOffers, path+"/offers")
		t.add(partActivities, path+"/activities")
		t.add(partMboxes, path+"/mboxes")
		t.add(partProperties, path+"/properties")
		t.add(partLibrary, path+"/library")
	} else {
		t.add(partLists, path+"/lists")
		t.add(partReport, path+"/report")
	}
	t.add(partFrameworks, path+"/frameworks")
	return t
}

// serviceHead finds the service that the address names, of a product where only that has the part; "" for any.
func (v *visit) serviceHead(kind cloudservice.Kind, here, toDo string) (serviceHead, error) {
	s, err := v.CloudServices.Get(v.r.Context(), v.caller, v.serviceRef())
	if err == nil && kind != "" && s.Kind != kind {
		err = cloudservice.ErrNotFound
	}
	if err != nil {
		return serviceHead{}, err
	}
	h := serviceHead{Service: s, Path: servicePath(&s), Tabs: serviceTabs(&s, here), May: v.may(access.ConnectionsWrite), Role: v.lacks(access.ConnectionsWrite, toDo)}
	switch {
	case s.Kind == cloudservice.Target && s.Authentication != cloudservice.IMS:
		h.Unready = "It calls Target Classic, which has no such lists. With an IMS configuration it has them."
	case s.Status() == cloudservice.Draft:
		h.Unready = "It is a draft. Complete its settings, then connect it."
	case s.Status() == cloudservice.Ready:
		h.Unready = "It is not connected. Connect it on its overview."
	}
	return h, nil
}

// refusedLayers gives the layer of a product that refused, to be shown on the page; the error stays where it is another.
func refusedLayers(err error) ([]finding.Layer, error) {
	if e, ok := errors.AsType[*cloudservice.RefusedError](err); ok {
		return []finding.Layer{e.Layer}, nil
	}
	return nil, err
}

// WorkspaceName names a workspace as Connect has found it.
func (h *serviceHead) WorkspaceName(id string) string {
	if h.State != nil && h.State.Target != nil {
		for _, w := range h.State.Target.Workspaces {
			if w.ID == id || id == "" && w.Default {
				return w.Name
			}
		}
	}
	if id == "" {
		return "Default Workspace"
	}
	return id
}

// attach has the browser keep an answer as a file.
func (v *visit) attach(name, kind, text string) error {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	v.w.WriteHeader(http.StatusOK)
	_, _ = v.w.Write([]byte(text))
	return nil
}
