package cloudservice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/target"
)

// targetProduct is the code of Target's product contexts in an IMS profile.
const targetProduct = "dma_tartan"

// account gives how Target's Admin API is called.
func (s *Service) account(with Access) target.Account {
	return target.Account{Tenant: s.Target.TenantID, Access: target.Access(with)}
}

// callTarget is what Connect calls of Target: one audience, or with the credentials of Classic the list of campaigns.
func (s *Services) callTarget(ctx context.Context, of *Service, with *Reached, state *State) (finding.Layer, error) {
	state.Target = &TargetState{Workspaces: workspaces(with.Products)}
	state.Target.Premium = len(state.Target.Workspaces) > 1
	if of.Authentication == Credentials {
		return s.callClassic(ctx, of)
	}
	page, err := s.target.Audiences(ctx, of.account(with.Access), target.Query{Limit: 1}, func(target.Audience) error { return nil })
	if failed, ok := errors.AsType[*target.Error](err); ok {
		return of.targetRefused(failed), nil
	}
	if err != nil {
		return finding.Layer{}, err
	}
	out := finding.Layer{Status: finding.OK, Message: "Target lets the tenant " + of.Target.TenantID + " in"}
	if page.Total >= 0 {
		out.Message += fmt.Sprintf("; audiences: %d", page.Total)
	}
	switch known := state.Target.Workspaces; {
	case len(known) > 1:
		out.Message += fmt.Sprintf("; Premium, %d workspaces", len(known))
	case len(known) == 1:
		out.Message += "; Standard, or one workspace alone"
	}
	if chosen := of.Target.Workspace; chosen != "" && len(state.Target.Workspaces) > 0 && !slices.ContainsFunc(state.Target.Workspaces, func(w Workspace) bool { return w.ID == chosen || w.Name == chosen }) {
		out.Warnings = append(out.Warnings, "the workspace "+chosen+" that offers are meant for is none of the credential's product profiles")
	}
	gone, err := s.missesA4T(ctx, of)
	if gone != "" {
		out.Warnings = append(out.Warnings, gone)
	}
	return out, err
}

func (s *Services) callClassic(ctx context.Context, of *Service) (finding.Layer, error) {
	err := s.classic.CheckCredentials(ctx, target.Login{Client: of.Target.ClientCode, Email: of.Target.Email, Password: of.Secret})
	failed, ok := errors.AsType[*target.Error](err)
	switch {
	case ok:
		found := target.ExplainClassic(failed).Fill("{name}", of.Name)
		return refusedLayer(failed, found), nil
	case err != nil:
		return finding.Layer{}, err
	}
	return finding.Layer{Status: finding.OK, Message: "Target Classic lets the account " + of.Target.ClientCode + " in", Warnings: []string{target.ClassicNote}}, nil
}

// targetRefused makes a layer of a refusal.
func (s *Service) targetRefused(e *target.Error) finding.Layer {
	return refusedLayer(e, s.explained(e))
}

// explained says what a refusal of Target means for a service.
func (s *Service) explained(e *target.Error) finding.Explanation {
	return target.Explain(e).Fill("{name}", s.Name, "{ims}", s.Configuration, "{tenant}", s.Target.TenantID)
}

func refusedLayer(e *target.Error, found finding.Explanation) finding.Layer {
	out := finding.Layer{Status: finding.Failed, Message: found.Means, Code: e.Code, Description: e.Message, HTTP: e.Status, Advice: found.Advice}
	if e.RequestID != "" {
		out.Warnings = []string{"for the vendor's support: request " + e.RequestID}
	}
	return out
}

// workspaces are the product profiles of Target among a profile's product contexts (§2.4).
func workspaces(products []Product) []Workspace {
	out := []Workspace{}
	for _, p := range products {
		if p.Service != targetProduct || p.Group == "" && p.Name == "" {
			continue
		}
		w := Workspace{ID: p.Group, Name: p.Name}
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b Workspace) int { return strings.Compare(a.Name, b.Name) })
	for i := range out {
		out[i].Default = len(out) == 1 || strings.Contains(strings.ToLower(out[i].Name), "default workspace")
	}
	return out
}

// missesA4T says that the service of Analytics which a service names can't be used; "" when it can, or none is named.
func (s *Services) missesA4T(ctx context.Context, of *Service) (string, error) {
	if of.Target.A4T == "" {
		return "", nil
	}
	found, err := s.config.Store.Find(ctx, of.place(), of.Target.A4T)
	switch {
	case errors.Is(err, ErrNotFound):
		return "Configuration reference missing: the cloud service of Analytics for A4T is not there any more; name another: latchkey cloud-service edit " + of.Name + " --a4t NAME", nil
	case err != nil:
		return "", err
	case found.Kind != Analytics || !found.Analytics.A4T:
		return "the cloud service " + found.Name + " is not enabled for A4T: latchkey cloud-service edit " + found.Name + " --offer-a4t", nil
	}
	return "", nil
}

// reconnect connects a service to another tenant than before, so that it is kept only when that goes well.
func (s *Services) reconnect(ctx context.Context, caller access.Caller, before, after *Service) error {
	if after.Kind != Target || before.State == nil || before.Target.TenantID == after.Target.TenantID || len(after.Missing()) > 0 {
		return nil
	}
	state := State{ConnectedAt: s.now()}
	layers, err := s.look(ctx, caller, after, &state)
	if err != nil {
		return err
	}
	failed := finding.First(layers)
	if failed == nil {
		after.State = &state
		return nil
	}
	var problems finding.Problems
	fix := "check the tenant id"
	if len(failed.Advice) > 0 {
		fix = failed.Advice[0].Do + " (" + failed.Advice[0].Where + ")"
	}
	problems.Wrong("/target/tenant_id", "nothing was saved, because "+after.Target.TenantID+" can't be connected to; "+failed.Name+": "+failed.Message, fix)
	return problems
}
