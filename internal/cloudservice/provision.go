package cloudservice

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/ident"
	"latchkey/internal/secret"
	"latchkey/internal/suggest"
)

// AEM can be provisioned without its pages: by a form post, or by the same names in the file marketingcloud.properties
// (spec/aem-target-analytics.md §2.1). Both end in services of fixed titles, made or brought up to date.

// The keys of provisioning. Those that name IMS configurations and the tenant are ours: the vendor's own lead to its older APIs alone.
const (
	keyAutomatic = "automaticProvisioning"
	keyService   = "servicename"
	keyPath      = "path"

	keyServer, keyCompany, keyUsername = "analytics.server", "analytics.company", "analytics.username"
	keySecret, keyReportSuite          = "analytics.secret", "analytics.reportsuite"
	keyAnalyticsIMS                    = "analytics.imsconfiguration"

	keyClientCode, keyEmail, keyPassword = "target.clientcode", "target.email", "target.password"
	keyTenant, keyTargetIMS              = "target.tenantid", "target.imsconfiguration"
)

func provisioningKeys() []string {
	return []string{
		keyAutomatic, keyService, keyPath, keyServer, keyCompany, keyUsername, keySecret, keyReportSuite, keyAnalyticsIMS, keyClientCode, keyEmail, keyPassword, keyTenant, keyTargetIMS,
	}
}

// Provisioned is a service that provisioning has made or changed.
type Provisioned struct {
	Saved
	// Created tells a new service from one that was brought up to date.
	Created bool
}

// Provisioning is what provisioning has come to.
type Provisioning struct {
	// Executed is false when automaticProvisioning is: the values were checked, and nothing was kept.
	Executed bool
	Services []Provisioned
	Problems finding.Problems
}

// ProvisionedTitle is what a provisioned service is called, as AEM calls it.
func ProvisionedTitle(k Kind) string {
	if k == Analytics {
		return "Provisioned Analytics Configuration"
	}
	return "Provisioned Target Configuration"
}

// Provision makes the services that the values of a form or of marketingcloud.properties describe, or brings those of before up
// to date. When one can't be made, none is. It sends nothing.
func (s *Services) Provision(ctx context.Context, caller access.Caller, sandbox string, values url.Values) (Provisioning, error) {
	place, err := s.place(caller, sandbox, access.ConnectionsWrite)
	if err != nil {
		return Provisioning{}, err
	}
	out, kinds := readProvisioning(values)
	pages, err := s.provisionedPages(ctx, place, kinds, values, &out.Problems)
	if err == nil {
		err = out.Problems.Errors()
	}
	if err != nil {
		return Provisioning{}, err
	}
	var wrong finding.Problems
	for _, kind := range kinds {
		made, err := s.prepare(ctx, caller, place, kind, values)
		if problems, ok := errors.AsType[finding.Problems](err); ok {
			wrong = append(wrong, named(kind, problems)...)
			continue
		}
		if err != nil {
			return Provisioning{}, err
		}
		made.Problems = named(kind, made.Problems)
		out.Services = append(out.Services, made)
	}
	if len(wrong) > 0 {
		return Provisioning{}, wrong
	}
	for n := range out.Services {
		if !out.Executed {
			break
		}
		made := &out.Services[n]
		if made.Created {
			err = s.config.Store.Create(ctx, made.Service, made.Service.entry(caller, "cloud_service.create", s.now()))
		} else {
			err = s.keep(ctx, caller, &made.Service, "cloud_service.update")
		}
		if err == nil {
			err = s.provisionFramework(ctx, caller, &made.Service, pages)
		}
		if problems, ok := errors.AsType[finding.Problems](err); ok { // the service is kept all the same
			made.Problems.Add(finding.Doubtful, "", "its framework was not kept: "+problems.Error(), "make one: latchkey cloud-service framework create "+made.Service.Name)
			err = nil
		}
		if err != nil {
			return Provisioning{}, err
		}
	}
	return out, nil
}

// readProvisioning checks the keys, and tells which services are wanted.
func readProvisioning(values url.Values) (out Provisioning, kinds []Kind) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(provisioningKeys(), key) {
			fix := "the keys are " + strings.Join(provisioningKeys(), ", ")
			if near, ok := suggest.Closest(key, provisioningKeys()); ok {
				fix = "did you mean " + near + "?"
			}
			out.Problems.Wrong("/"+printable(key), "there is no such key", fix)
		}
	}
	switch automatic := values.Get(keyAutomatic); automatic {
	case "true":
		out.Executed = true
	case "false":
	default:
		out.Problems.Wrong("/"+keyAutomatic, "this is neither true nor false", "true provisions, false checks the values alone")
	}
	for _, names := range values[keyService] {
		for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return r == ',' || r == ' ' }) {
			kind := Kind(strings.ToLower(name))
			if kind != Target && kind != Analytics {
				out.Problems.Wrong("/"+keyService, "there is no such service", "use analytics or target; repeat it for both")
			} else if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	if len(values[keyService]) == 0 {
		out.Problems.Wrong("/"+keyService, "it is not said which services", "give servicename=analytics, servicename=target, or both")
	}
	return out, kinds
}

// printable bounds a name that somebody else has given.
func printable(key string) string {
	key = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, key)
	return key[:min(len(key), 64)]
}

// prepare makes a service, or changes the one of before, and keeps nothing.
func (s *Services) prepare(ctx context.Context, caller access.Caller, place Place, kind Kind, values url.Values) (Provisioned, error) {
	title := ProvisionedTitle(kind)
	name := ident.NameOf(title)
	wanted := provisionedValues(kind, values)
	before, err := s.config.Store.Find(ctx, place, name)
	if err == nil {
		after := before.clone()
		problems, err := s.apply(ctx, caller, &wanted, &after)
		if err == nil {
			err = problems.Errors()
		}
		if after.reaches() != before.reaches() {
			after.State = nil
		}
		return Provisioned{Saved: Saved{after, problems}}, err
	}
	if !errors.Is(err, ErrNotFound) {
		return Provisioned{}, err
	}
	now := s.now()
	made := Service{
		ID: ident.New("cs"), Organization: place.Organization, Sandbox: place.Sandbox, Kind: kind, Authentication: Credentials, Version: 1, CreatedBy: caller.ID, CreatedAt: now, UpdatedAt: now,
	}
	wanted.Title = &title
	problems, err := s.begin(ctx, caller, &made, &Create{Kind: kind, Name: name, Values: wanted})
	return Provisioned{Saved: Saved{made, problems}, Created: true}, err
}

// provisionedValues gives what the keys of a service say.
func provisionedValues(kind Kind, values url.Values) Values {
	get := func(key string) *string {
		if !values.Has(key) {
			return nil
		}
		text := values.Get(key)
		return &text
	}
	var out Values
	hidden, who := get(keyPassword), get(keyEmail)
	if kind == Analytics {
		out.Configuration, hidden, who = get(keyAnalyticsIMS), get(keySecret), get(keyUsername)
		settings := AnalyticsValues{Company: get(keyCompany), Username: who, DataCenter: get(keyServer)}
		if suites := get(keyReportSuite); suites != nil {
			list := strings.FieldsFunc(*suites, func(r rune) bool { return r == ',' || r == ' ' })
			settings.ReportSuites = &list
		}
		out.Analytics = &settings
	} else {
		out.Configuration = get(keyTargetIMS)
		out.Target = &TargetValues{ClientCode: get(keyClientCode), TenantID: get(keyTenant), Email: who}
	}
	switch by, none := Credentials, ""; {
	case out.Configuration != nil:
		by = IMS
		out.Authentication = &by
	case hidden != nil || who != nil:
		out.Authentication, out.Configuration = &by, &none
	}
	if hidden != nil {
		value := secret.New(*hidden)
		out.Secret = &value
	}
	return out
}

// named puts the key of a form into the place of the API's pointer, where there is one.
func named(kind Kind, problems finding.Problems) finding.Problems {
	keys := map[string]string{
		"/ims_configuration": keyTargetIMS, "/secret": keyPassword, "/target/client_code": keyClientCode, "/target/tenant_id": keyTenant, "/target/email": keyEmail,
		"/analytics/company": keyCompany, "/analytics/username": keyUsername, "/analytics/data_center": keyServer, "/analytics/report_suites": keyReportSuite,
	}
	if kind == Analytics {
		keys["/ims_configuration"], keys["/secret"] = keyAnalyticsIMS, keySecret
	}
	out := slices.Clone(problems)
	for n := range out {
		if key, ok := keys[out[n].Pointer]; ok {
			out[n].Pointer = "/" + key
		}
	}
	return out
}
