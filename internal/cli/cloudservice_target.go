package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"latchkey/client"
)

// targetFlags are the settings of a service of Target.
type targetFlags struct {
	tenant, code, email, api, workspace, a4t, library, libraryURL string
	accurate, sync                                                bool
}

func (f *targetFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.tenant, "tenant-id", "", "Target: `id` that calls between servers name the account by; the client code without it")
	flags.StringVar(&f.code, "client-code", "", "Target: `code` that pages name the account by")
	flags.StringVar(&f.email, "email", "", "Target Classic: `address` that goes with the password")
	flags.StringVar(&f.api, "api-type", "", "Target: `API`: rest or xml")
	flags.StringVar(&f.workspace, "workspace", "", "Target: `id` of the workspace that offers go to; the default one without it")
	flags.StringVar(&f.a4t, "a4t", "", "Target: `name` of the Analytics cloud service that reports on activities")
	flags.BoolVar(&f.accurate, "accurate-targeting", true, "Target: a page waits for its context before it asks for content")
	flags.BoolVar(&f.sync, "sync-audiences", true, "Target: audiences are synced")
	flags.StringVar(&f.library, "library", "", "Target: client `library`: at.js, mbox.js, dtm, launch, tag-manager")
	flags.StringVar(&f.libraryURL, "library-url", "", "Target: where a tag manager's library is loaded from, a `URL`")
}

// values gives those that were set; nil without any.
func (f *targetFlags) values(flags *pflag.FlagSet) *client.CloudServiceTargetValues {
	v := client.CloudServiceTargetValues{
		TenantID: given(flags, "tenant-id", &f.tenant), ClientCode: given(flags, "client-code", &f.code), Email: given(flags, "email", &f.email),
		APIType: given(flags, "api-type", &f.api), Workspace: given(flags, "workspace", &f.workspace), A4T: given(flags, "a4t", &f.a4t),
		AccurateTargeting: given(flags, "accurate-targeting", &f.accurate), SyncAudiences: given(flags, "sync-audiences", &f.sync),
		Library: given(flags, "library", &f.library), LibraryURL: given(flags, "library-url", &f.libraryURL),
	}
	if v == (client.CloudServiceTargetValues{}) {
		return nil
	}
	return &v
}

// targetRows are what "show" tells of a service of Target.
func targetRows(t *client.CloudServiceTarget) [][2]string {
	if t == nil {
		return nil
	}
	var workspaces []string
	for _, w := range t.Workspaces {
		workspaces = append(workspaces, w.Name+" ("+w.ID+")")
	}
	return [][2]string{
		{"tenant id", t.TenantID}, {"client code", t.ClientCode}, {"e-mail", t.Email}, {"API", t.APIType}, {"workspace", t.Workspace}, {"A4T", t.A4T},
		{"accurate targeting", strconv.FormatBool(t.AccurateTargeting)}, {"sync audiences", strconv.FormatBool(t.SyncAudiences)},
		{"client library", strings.TrimSpace(t.Library + " " + t.LibraryURL)}, {"workspaces", strings.Join(workspaces, ", ")},
	}
}
