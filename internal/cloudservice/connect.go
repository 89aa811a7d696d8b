package cloudservice

import (
	"context"
	"fmt"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
)

// ConnectionSuccessful is what AEM says when its Connect has gone well.
const ConnectionSuccessful = "Connection successful"

// LayerProduct is the layer of the product's own calls. Those before it are of the IMS configuration.
const LayerProduct = "product"

// Report is what Connect has found.
type Report struct {
	Service Service
	// Connected says that every layer is as it should be, and that the service's State has been kept.
	Connected bool
	Layers    []finding.Layer
	// Notes are of the service as a whole: that the vendor has retired its mode.
	Notes     []string
	CheckedAt time.Time
}

// Connect calls the product, keeps what it tells, and says which layer refused. A layer that fails is no error; what was learned
// before stays then.
func (s *Services) Connect(ctx context.Context, caller access.Caller, ref Ref) (Report, error) {
	found, err := s.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Report{}, err
	}
	if missing := found.Missing(); len(missing) > 0 {
		return Report{}, fmt.Errorf("the cloud service %s is a draft that lacks %s: %w", found.Name, strings.Join(missing, ", "), ErrState)
	}
	report := Report{Service: found, CheckedAt: s.now(), Notes: found.Notes()}
	state := State{ConnectedAt: report.CheckedAt}
	if report.Layers, err = s.look(ctx, caller, &found, &state); err != nil || finding.First(report.Layers) != nil {
		return report, err
	}
	after := found.clone()
	after.State = &state
	if err := s.keep(ctx, caller, &after, "cloud_service.connect"); err != nil {
		return Report{}, err
	}
	report.Service, report.Connected = after, true
	return report, s.connected(ctx, caller, &after)
}

// look looks at one layer after the other, and fills in what the product tells.
func (s *Services) look(ctx context.Context, caller access.Caller, of *Service, state *State) (layers []finding.Layer, err error) {
	var with Reached
	if of.Authentication == IMS {
		if with, err = s.config.Tokens.Reach(ctx, caller, of.place(), of.Configuration); err != nil {
			return nil, err
		}
		layers = with.Layers
		if finding.First(layers) != nil {
			return append(layers, finding.Layer{Name: LayerProduct, Status: finding.Skipped, Message: "not looked at, because of what is before it"}), nil
		}
	}
	layer, err := s.call(ctx, of, &with, state)
	layer.Name = LayerProduct
	return append(layers, layer), err
}

// Probe makes the product calls of the services that use an IMS configuration, with a token of it: the last layer of that one's check.
// The first service that the product refuses speaks for all.
func (s *Services) Probe(ctx context.Context, place Place, kind Kind, configuration string, with Access) finding.Layer {
	all, err := s.config.Store.List(ctx, place)
	if err != nil {
		s.config.Log.ErrorContext(ctx, "cloud services could not be read for a check", "configuration", configuration, "error", err)
		return finding.Layer{Status: finding.Unchecked, Message: "not checked: the cloud services could not be read"}
	}
	var said []string
	out := finding.Layer{Status: finding.Unchecked}
	for _, of := range all {
		if of.Kind != kind || of.Configuration != configuration || len(of.Missing()) > 0 {
			continue
		}
		layer, err := s.call(ctx, &of, &Reached{Access: with}, &State{})
		if err != nil {
			s.config.Log.ErrorContext(ctx, "a cloud service could not be called for a check", "service", of.Name, "error", err)
			continue
		}
		layer.Message = of.Name + ": " + layer.Message
		if layer.Status == finding.Failed {
			return layer
		}
		out.Status = finding.OK
		said, out.Warnings = append(said, layer.Message), append(out.Warnings, layer.Warnings...)
	}
	if len(said) == 0 && kind == Analytics {
		return s.probeAnalytics(ctx, with)
	}
	if out.Message = strings.Join(said, "; "); out.Message == "" {
		out.Message = "not checked: no cloud service uses this configuration; make one, and its account is called: latchkey cloud-service create " + string(kind)
	}
	return out
}

// call makes the calls by which a product is known to let the service in, and fills in what they tell.
func (s *Services) call(ctx context.Context, of *Service, with *Reached, state *State) (finding.Layer, error) {
	if of.Kind == Target {
		return s.callTarget(ctx, of, with, state)
	}
	return s.callAnalytics(ctx, of, with, state)
}

// Notes says what is worth knowing of the service as a whole: since when the vendor does not serve its mode any more.
func (s *Service) Notes() []string {
	if s.Kind == Target {
		return s.targetNotes()
	}
	return s.analyticsNotes()
}

// Message says in a line how it went.
func (r *Report) Message() string {
	if failed := finding.First(r.Layers); failed != nil {
		return failed.Name + ": " + failed.Message
	}
	return ConnectionSuccessful
}

// Requires says which versions of AEM can have the service's mode; none in particular without one.
func (s *Service) Requires() []string {
	if s.Kind == Target {
		return s.targetRequires()
	}
	if s.Authentication == IMS {
		return []string{"AEM 6.5.12.0, or AEM as a Cloud Service 2022.2.0: they are the first with the Analytics 2.0 API, which takes an IMS configuration"}
	}
	return nil
}
