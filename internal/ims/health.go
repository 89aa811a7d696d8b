package ims

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/exchange"
	"latchkey/internal/finding"
	"latchkey/internal/keypair"
)

// Check Health looks at one layer after the other, and stops at the first that fails: what is behind it can't work.

// The layers, in their order.
const (
	LayerKey     = "certificate"
	LayerToken   = "token"
	LayerProfile = "profile"
	LayerProduct = "product"
)

// TokenRetrieved is what AEM says when its Check Health has gone well.
const TokenRetrieved = "Token is retrieved successfully"

// Report is a configuration's health.
type Report struct {
	Configuration Configuration
	Healthy       bool
	Layers        []finding.Layer
	// Notes are of the configuration as a whole: that the vendor has retired its mode.
	Notes []string
	// Requires says which product versions can use it.
	Requires  []string
	CheckedAt time.Time
}

// Checked is what the last check of a configuration found.
type Checked struct {
	// ID is the configuration's.
	ID, Name, Title string
	Healthy         bool
	Layers          []finding.Layer
	At              time.Time
}

// Failed gives the first layer that failed; nil when none did.
func (c *Checked) Failed() *finding.Layer { return finding.First(c.Layers) }

// Checks gives what the last checks of a sandbox's configurations found, as long as they still are what was checked.
func (c *Configurations) Checks(ctx context.Context, caller access.Caller, sandbox string) ([]Checked, error) {
	if err := caller.Require(access.ConnectionsRead); err != nil {
		return nil, err
	}
	sandbox, err := caller.In(sandbox)
	if err != nil {
		return nil, err
	}
	return c.config.Store.Checks(ctx, Place{Organization: caller.Organization, Sandbox: sandbox})
}

// Failed gives the first layer that failed; nil when none did.
func (r *Report) Failed() *finding.Layer { return finding.First(r.Layers) }

// Probe calls a solution's product with a configuration's token, and tells what it found.
type Probe func(ctx context.Context, of Configuration, with Access) finding.Layer

// checkup is one check under way.
type checkup struct {
	*Configurations
	caller access.Caller
	of     *Configuration
	access Access
	// products are those of the profile, once it has been read.
	products []Product
}

// Check looks at a configuration. It asks for a new token, whether there is one or not. A layer that fails is no error.
func (c *Configurations) Check(ctx context.Context, caller access.Caller, ref Ref) (Report, error) {
	return c.Watch(ctx, caller, ref, func(finding.Layer) {})
}

// Watch is [Configurations.Check] that tells of each layer when it has been looked at.
func (c *Configurations) Watch(ctx context.Context, caller access.Caller, ref Ref, seen func(finding.Layer)) (Report, error) {
	found, err := c.find(ctx, caller, ref, access.ConnectionsWrite)
	if err != nil {
		return Report{}, err
	}
	x := &checkup{Configurations: c, caller: caller, of: &found}
	report := Report{CheckedAt: c.now(), Healthy: true}
	for _, layer := range []struct {
		name string
		look func(context.Context) (finding.Layer, error)
	}{{LayerKey, x.key}, {LayerToken, x.token}, {LayerProfile, x.askProfile}, {LayerProduct, x.product}} {
		out := finding.Layer{Status: finding.Skipped, Message: "not looked at, because of what is before it"}
		if report.Healthy {
			if out, err = layer.look(ctx); err != nil {
				return Report{}, err
			}
		}
		out.Name = layer.name
		report.Healthy = report.Healthy && out.Status != finding.Failed
		report.Layers = append(report.Layers, out)
		seen(out)
	}
	report.Configuration, report.Requires = found, found.Requires()
	if retired := found.Retired(); retired != "" {
		report.Notes = append(report.Notes, retired)
	}
	if report.Notes, err = c.siblings(ctx, &found, report.Notes); err != nil {
		return Report{}, err
	}
	if found.Migration != nil {
		report.Notes = append(report.Notes, "a migration to OAuth has begun on "+found.Migration.Since.Format(time.DateOnly)+
			"; the JWT serves until it is through: latchkey ims migrate "+found.Name)
	}
	kept := Checked{ID: found.ID, Healthy: report.Healthy, Layers: report.Layers, At: c.now()}
	if err := c.config.Store.KeepCheck(ctx, kept); err != nil { // it was made all the same
		c.config.Log.WarnContext(ctx, "what a check found could not be kept", "configuration", found.Name, "error", err)
	}
	return report, nil
}

// siblings notes which other configurations are for the same solution: what names none of them may take either.
func (c *Configurations) siblings(ctx context.Context, of *Configuration, notes []string) ([]string, error) {
	if of.Solution == "" {
		return notes, nil
	}
	all, err := c.config.Store.List(ctx, of.place())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, other := range all {
		if other.Solution == of.Solution && other.ID != of.ID {
			names = append(names, other.Name)
		}
	}
	if len(names) == 0 {
		return notes, nil
	}
	said := "also for " + of.Solution.Title() + ": " + strings.Join(names, ", ") + "; in AEM, look which of them the cloud service names"
	if of.Solution == BrandPortal {
		said = "Brand Portal bears one IMS configuration alone, and there are others: " + strings.Join(names, ", ") + "; delete those that are not used"
	}
	return append(notes, said), nil
}

// key looks at the key that signs and at its certificate. Nothing is sent.
func (x *checkup) key(ctx context.Context) (finding.Layer, error) {
	if x.of.Type == OAuth {
		return finding.Layer{Status: finding.NotNeeded, Message: "OAuth server-to-server has no certificate; its client secret stands in for it"}, nil
	}
	failed := func(message, do string) (finding.Layer, error) {
		return finding.Layer{Status: finding.Failed, Message: message, Advice: []finding.Advice{finding.Change(do, "here")}}, nil
	}
	if x.of.Alias == "" {
		return failed("the configuration names no certificate", "make one (latchkey ims certificate create ALIAS), and name it: latchkey ims edit "+x.of.Name+" --key-alias ALIAS")
	}
	key, err := x.current(ctx, x.of.place(), x.of.Alias)
	if errors.Is(err, ErrNotFound) {
		return failed("there is no certificate of the alias "+x.of.Alias, "make one: latchkey ims certificate create "+x.of.Alias)
	}
	if err != nil {
		return finding.Layer{}, err
	}
	private, err := keypair.Parse(key.Private)
	if err != nil {
		return failed("the private key of "+x.of.Alias+" can't be read: "+err.Error(), "import the pair anew: latchkey ims certificate create ALIAS --private-key FILE --certificate FILE")
	}
	certificate := key.Certificate
	if certificate == nil {
		return finding.Layer{Status: finding.OK, Message: "the key " + x.of.Alias + " can sign (" + private.Kind() + ")", Warnings: []string{
			"its certificate is not here, so that nobody is warned of its end",
		}}, nil
	}
	if err := certificate.CheckKey(private); err != nil {
		return failed(err.Error(), "import the pair anew: latchkey ims certificate create ALIAS --private-key FILE --certificate FILE")
	}
	if err := certificate.CheckTime(x.now()); err != nil {
		failure, _ := errors.AsType[*keypair.Error](err)
		return failed(failure.Reason+"; IMS refuses what it signs", renewing(x.of.Alias)+", then latchkey ims certificate switch "+x.of.Alias)
	}
	left := certificate.DaysLeft(x.now())
	out := finding.Layer{Status: finding.OK, Message: fmt.Sprintf("key and certificate %s belong together; %d days left, SHA-1 %s", x.of.Alias, left, certificate.SHA1)}
	if left <= expiring {
		out.Warnings = append(out.Warnings, fmt.Sprintf("the certificate ends on %s: %s", certificate.NotAfter.Format(time.DateOnly), renewing(x.of.Alias)))
	}
	return out, nil
}

// token asks for one.
func (x *checkup) token(ctx context.Context) (finding.Layer, error) {
	if missing := x.of.Missing(); len(missing) > 0 {
		return finding.Layer{Status: finding.Failed, Message: "the configuration is a draft: it lacks " + strings.Join(missing, ", "), Advice: []finding.Advice{
			finding.Change("complete it: latchkey ims edit "+x.of.Name, "here; the values are in the credential's details in the Developer Console"),
		}}, nil
	}
	if err := x.renew(ctx, x.caller, x.of); err != nil {
		layer, err := x.failure(ctx, err)
		if err != nil {
			return finding.Layer{}, err
		}
		return *layer, nil
	}
	var err error
	x.access, err = x.Configurations.access(ctx, x.caller, x.of)
	return finding.Layer{Status: finding.OK, Message: TokenRetrieved}, err
}

// failure makes a layer of an error that says why there is no token. Others stay errors.
func (x *checkup) failure(ctx context.Context, err error) (*finding.Layer, error) {
	if failed, ok := errors.AsType[*connection.ProviderError](err); ok {
		layer := x.refused(ctx, failed.Failure)
		layer.Name = LayerToken
		return &layer, nil
	}
	if _, ok := errors.AsType[*connection.StateError](err); ok {
		return &finding.Layer{Name: LayerToken, Status: finding.Failed, Message: "the configuration's connection is disabled", Advice: []finding.Advice{
			finding.Change("enable it: latchkey connection enable "+x.of.Connection, "here"),
		}}, nil
	}
	return nil, err
}

// refused explains why there is no token.
func (x *checkup) refused(ctx context.Context, f *exchange.Failure) finding.Layer {
	found := Explain(Refusal{HTTP: f.Status, Code: f.Code, Description: f.Description, Down: f.Kind == exchange.ProviderDown, Type: x.of.Type})
	out := finding.Layer{
		Status: finding.Failed, Message: found.Means, Code: f.Code, Description: f.Description, HTTP: f.Status, Advice: x.fill(found),
	}
	if f.Status != 0 {
		out.Warnings = append(out.Warnings, x.skew(ctx)...)
	}
	if retired := x.of.Retired(); retired != "" {
		out.Advice = append(out.Advice, finding.Change(retired, "here, with a client secret of the console's OAuth Server-to-Server credential"))
	}
	return out
}

// skewAllowed is what IMS tolerates (spec/ims-and-console.md §1.1).
const skewAllowed = 30 * time.Second

// skew asks the server for the time, and tells when this machine's clock is another: an assertion that has expired, or is not
// valid yet, comes of that most often.
func (x *checkup) skew(ctx context.Context) []string {
	response, err := x.get(ctx, "")
	if err != nil {
		return nil
	}
	if said := skewOf(response.Header, response.Received); said != "" {
		return []string{said}
	}
	return nil
}

func skewOf(header http.Header, received time.Time) string {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return ""
	}
	ahead, word := received.Sub(theirs), "ahead of"
	if ahead < 0 {
		ahead, word = -ahead, "behind"
	}
	if ahead <= skewAllowed {
		return ""
	}
	return fmt.Sprintf("this machine's clock is %s %s the server's, and IMS bears 30s: set it, by NTP best", ahead.Round(5*time.Second), word)
}

// product calls the solution's product, where somebody here knows how.
func (x *checkup) product(ctx context.Context) (finding.Layer, error) {
	probe := x.config.Probes[x.of.Solution]
	if probe == nil {
		return finding.Layer{Status: finding.Unchecked, Message: "not checked: nothing here calls " + productName(x.of.Solution) + "; a cloud service that uses this configuration shows whether it lets the token in"}, nil
	}
	return probe(ctx, *x.of, x.access), nil
}

func productName(s Solution) string {
	if about, ok := s.About(); ok {
		return about.Title
	}
	return "a product for it"
}
