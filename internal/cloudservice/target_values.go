package cloudservice

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"latchkey/internal/finding"
)

// applyTarget lays values over the settings, and says what is wrong with them.
func (s *Services) applyTarget(ctx context.Context, v *TargetValues, to *Service, problems *finding.Problems) error {
	t := to.Target
	for _, one := range []struct{ given, to *string }{{v.Email, &t.Email}, {v.Workspace, &t.Workspace}, {v.A4T, &t.A4T}, {v.LibraryURL, &t.LibraryURL}} {
		if one.given != nil {
			*one.to = strings.TrimSpace(*one.given)
		}
	}
	applyAccount(v, t, problems)
	set(v.APIType, &t.APIType)
	set(v.AccurateTargeting, &t.AccurateTargeting)
	set(v.SyncAudiences, &t.SyncAudiences)
	set(v.Library, &t.Library)
	checkAPI(v, to, problems)
	checkLibrary(v, t, problems)
	applyWorkspace(v, to, problems)
	if v.A4T == nil || t.A4T == "" {
		return nil
	}
	return s.applyA4T(ctx, to, problems)
}

// set lays a value over another when it is given.
func set[T any](given, to *T) {
	if given != nil {
		*to = *given
	}
}

// accountName is what a tenant id or a client code is made of: one is a part of paths, the other of host names.
var accountName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$`)

// applyAccount reads tenant id and client code, as people paste them.
func applyAccount(v *TargetValues, t *TargetSettings, problems *finding.Problems) {
	const where = "it is the name behind @ in https://experience.adobe.com/#/@TENANT/target"
	if v.TenantID != nil {
		text := strings.TrimSpace(*v.TenantID)
		if t.TenantID = tenantOf(text); t.TenantID != text {
			problems.Add(finding.Noted, "/target/tenant_id", fmt.Sprintf("%q was taken of what was pasted", t.TenantID), "compare it with the address of Target: "+where)
		}
		if strings.HasSuffix(t.TenantID, ".tt.omtrdc.net") {
			problems.Wrong("/target/tenant_id", "this is the host that pages call, which begins with the client code; expected is the tenant id", where)
		} else if t.TenantID != "" && !accountName.MatchString(t.TenantID) {
			problems.Wrong("/target/tenant_id", "this is no tenant id: letters, digits, - and _ are", where)
		}
	}
	if v.ClientCode == nil {
		return
	}
	text := strings.TrimSpace(*v.ClientCode)
	t.ClientCode = strings.TrimSuffix(strings.TrimPrefix(text, "https://"), ".tt.omtrdc.net")
	if t.ClientCode != "" && !accountName.MatchString(t.ClientCode) {
		problems.Wrong("/target/client_code", "this is no client code: letters, digits, - and _ are", "copy it from Target: Administration, Implementation, Account details")
	}
	if t.TenantID == "" && t.ClientCode != "" {
		t.TenantID = t.ClientCode
		problems.Add(finding.Noted, "/target/tenant_id", fmt.Sprintf("it was left out; the client code %q was taken for it", t.ClientCode), "most often they are the same. If not: "+where)
	}
}

// tenantOf takes the tenant id out of Target's address, where that was pasted.
func tenantOf(text string) string {
	if _, behind, ok := strings.Cut(text, "/@"); ok && strings.Contains(text, "://") {
		text, _, _ = strings.Cut(behind, "/")
	}
	text = strings.TrimPrefix(text, "@")
	tenant, _, _ := strings.Cut(text, "?")
	return strings.TrimSuffix(tenant, "/")
}

// checkAPI holds the API's type, and what goes with it, against the authentication.
func checkAPI(v *TargetValues, to *Service, problems *finding.Problems) {
	t := to.Target
	switch {
	case t.APIType != REST && t.APIType != XML:
		problems.Wrong("/target/api_type", "there is no such API", `use "rest", or "xml" with the credentials of Target Classic`)
	case t.APIType == XML && to.Authentication == IMS:
		problems.Wrong("/target/api_type", "an IMS configuration goes with the REST API alone", `use "rest"; XML is Target Classic's, which takes e-mail and password`)
	case t.APIType == REST && !t.SyncAudiences:
		problems.Wrong("/target/sync_audiences", "with the REST API audiences are always Target's own, so that they must be synced: there are no inline ones", "leave it on")
	}
	if v.Email == nil || t.Email == "" {
		return
	}
	if to.Authentication == IMS {
		t.Email = ""
		problems.Add(finding.Noted, "/target/email", "an IMS configuration needs none; it was not kept", "leave it out, or set authentication to credentials")
	} else if name, host, ok := strings.Cut(t.Email, "@"); !ok || name == "" || host == "" {
		problems.Wrong("/target/email", "this is no e-mail address", "write the address that the user signs in to Target Classic with")
	}
}

// checkLibrary holds the client library against the place that it is loaded from.
func checkLibrary(v *TargetValues, t *TargetSettings, problems *finding.Problems) {
	if !slices.Contains([]Library{AtJS, MboxJS, DTM, Launch, OtherTagManager}, t.Library) {
		problems.Wrong("/target/library", "there is no such client library", "use at.js, mbox.js, dtm, launch or tag-manager")
		return
	}
	if retired := t.Library.Retired(); retired != "" && v.Library != nil {
		problems.Add(finding.Doubtful, "/target/library", retired, "set it to at.js or launch")
	}
	if t.LibraryURL != "" && !loadable(t.LibraryURL) {
		problems.Wrong("/target/library_url", "a page can't load a script from there", "write an address that begins with https://, or a path that begins with /")
	}
	if t.Library.managed() && t.LibraryURL == "" && (v.Library != nil || v.LibraryURL != nil) {
		problems.Add(finding.Doubtful, "/target/library_url", "a tag manager's library has no other place, and none is given: there is no snippet without it", "copy the address from the tag manager's embed code")
	}
}

// loadable tells whether a page can have a script of that address in it.
func loadable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Opaque != "" || strings.ContainsAny(address, "\"'<>\\ ") {
		return false
	}
	return u.Scheme == "https" && u.Host != "" || u.Scheme == "" && strings.HasPrefix(u.Path, "/")
}

// applyWorkspace takes a workspace by its id or its name, once Connect has told which there are.
func applyWorkspace(v *TargetValues, to *Service, problems *finding.Problems) {
	if v.Workspace == nil || to.Target.Workspace == "" || to.State == nil || to.State.Target == nil || len(to.State.Target.Workspaces) == 0 {
		return
	}
	var names []string
	for _, w := range to.State.Target.Workspaces {
		if w.ID == to.Target.Workspace || strings.EqualFold(w.Name, to.Target.Workspace) {
			to.Target.Workspace = w.ID
			return
		}
		names = append(names, w.Name+" ("+w.ID+")")
	}
	problems.Add(finding.Doubtful, "/target/workspace", "Connect has not found such a workspace; it found "+strings.Join(names, ", "),
		"take one of these, or give the credential the product profile in the Developer Console and connect again")
}

// applyA4T takes the service of Analytics that reports on activities by its id or its name.
func (s *Services) applyA4T(ctx context.Context, to *Service, problems *finding.Problems) error {
	const pointer = "/target/a4t_configuration"
	found, err := s.config.Store.Find(ctx, to.place(), to.Target.A4T)
	switch {
	case errors.Is(err, ErrNotFound):
		problems.Wrong(pointer, "there is no cloud service of that name here", "list them: latchkey cloud-service list; or make one: latchkey cloud-service create analytics")
		return nil
	case err != nil:
		return err
	case found.Kind != Analytics:
		problems.Wrong(pointer, "the cloud service "+found.Name+" is one of Target", "name one of Analytics")
	case !found.Analytics.A4T:
		problems.Wrong(pointer, "the cloud service "+found.Name+" is not enabled for A4T", "enable it: latchkey cloud-service edit "+found.Name+" --offer-a4t")
	}
	to.Target.A4T = found.ID
	return nil
}

// unused holds back the removal of a service that others report with.
func (s *Services) unused(ctx context.Context, of *Service) error {
	if of.Kind != Analytics {
		return nil
	}
	all, err := s.config.Store.List(ctx, of.place())
	for _, other := range all {
		if other.Target != nil && other.Target.A4T == of.ID {
			return fmt.Errorf("%s reports to %s (A4T): %w", other.Name, of.Name, ErrInUse)
		}
	}
	return err
}
