package manifest_test

import (
	"context"
	"crypto/x509/pkix"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/client"
	"latchkey/internal/keypair"
	"latchkey/internal/manifest"
)

// builder makes things by the API, as people and programs do.
type builder struct {
	*rapid.T
	c    *client.Client
	pair *keypair.Pair
}

func (b *builder) some(what string, most int, make func(i int)) {
	for i := range rapid.IntRange(0, most).Draw(b.T, what) {
		make(i)
	}
}

func (b *builder) text(what string) string {
	return rapid.StringMatching(`([A-Za-zäß0-9:#'"{}\[\]&*!%@-][A-Za-z0-9 :#,.'"äß-]{0,20}[A-Za-z0-9:]|yes|null|1e3|0x1F|~|- a|)`).Draw(b.T, what)
}

func must[T any](b *builder) func(v T, err error) T {
	return func(v T, err error) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
}

func (b *builder) build(ctx context.Context) {
	var services, projects, configurations []string
	b.some("services", 2, func(i int) {
		code := fmt.Sprintf("own-%d", i)
		must[client.Service](b)(b.c.DeclareService(ctx, client.NewService{Code: code, Name: "Own", Description: b.text("description"), Scopes: []string{code + ":read"}, HasProfiles: i == 1}))
		if i == 1 {
			must[client.Profile](b)(b.c.CreateProfile(ctx, client.NewProfile{Service: code, Name: "Europe", Description: b.text("profile")}))
		}
		services = append(services, code)
	})
	b.some("projects", 2, func(i int) {
		name := fmt.Sprintf("Project%d", i)
		ask := client.NewProject{Name: name, Title: b.text("title"), Description: b.text("description")}
		if rapid.Bool().Draw(b.T, "jaeger") {
			ask.Type = "jaeger"
		}
		must[client.Project](b)(b.c.CreateProject(ctx, ask))
		projects = append(projects, name)
	})
	for i, project := range projects {
		ask := client.NewCredential{Project: project, Workspace: "Production", Name: fmt.Sprintf("credential %d", i), Description: b.text("description"), Kind: "oauth_server_to_server"}
		switch rapid.IntRange(0, 2).Draw(b.T, "kind") {
		case 1:
			ask.Kind, ask.Certificate = "service_account_jwt", string(b.pair.Certificate.PEM())
		case 2:
			ask.Kind, ask.Redirect = "oauth_web_app", &client.Redirect{Default: "https://example.com/back", Patterns: []string{`https://example\.com/.*`}}
		}
		for _, code := range services {
			if ask.Redirect != nil && code == "own-1" {
				continue // it takes none of the kind
			}
			service := client.SubscriptionRequest{Service: code}
			if code == "own-1" {
				service.Profiles = []string{"Europe"}
			}
			ask.Services = append(ask.Services, service)
		}
		made := must[client.CreatedCredential](b)(b.c.CreateCredential(ctx, ask))
		if rapid.Bool().Draw(b.T, "disabled") {
			enabled := false
			must[client.Credential](b)(b.c.UpdateCredential(ctx, made.ID, client.CredentialPatch{Enabled: &enabled}))
		}
	}
	b.definitions(ctx)
	b.some("configurations", 3, func(i int) {
		kind, title, secret, alias := "jwt", "Acme "+b.text("title"), "hush-hush", ""
		switch i {
		case 2:
			alias = "pair"
			private := string(b.pair.PrivateKey())
			must[client.IMSCertificate](b)(b.c.CreateIMSCertificate(ctx, client.NewIMSCertificate{Alias: alias, PrivateKey: private, Certificate: string(b.pair.Certificate.PEM())}))
		case 1:
			kind = "oauth"
		}
		name := fmt.Sprintf("ims%d", i)
		values := client.IMSValues{Title: &title, Type: &kind, ClientSecret: &secret, KeyAlias: &alias}
		must[client.IMSConfiguration](b)(b.c.CreateIMSConfiguration(ctx, client.NewIMSConfiguration{Name: name, IMSValues: values}))
		configurations = append(configurations, name)
	})
	for i, name := range configurations {
		kind := []string{"target", "analytics"}[i%2]
		must[client.CloudService](b)(b.c.CreateCloudService(ctx, client.NewCloudService{Kind: kind, Name: "service-" + name, CloudServiceValues: client.CloudServiceValues{Configuration: &name}}))
	}
	b.some("topics", 2, func(i int) {
		seconds := int64(rapid.SampledFrom([]int{0, 60, 3600}).Draw(b.T, "seconds"))
		must[client.Topic](b)(b.c.CreateTopic(ctx, client.NewTopic{Name: fmt.Sprintf("topic-%d", i), Description: b.text("description"), Partitions: 1 + i, RetentionSeconds: &seconds}))
	})
	b.some("webhooks", 2, func(i int) {
		enabled := rapid.Bool().Draw(b.T, "enabled")
		must[client.WebhookWithSecret](b)(b.c.CreateWebhook(ctx, client.NewWebhook{
			URL: fmt.Sprintf("https://example.com/%d", i), Description: strings.Repeat(fmt.Sprintf("hook %d", i), i), Enabled: &enabled, Types: []string{"expiring"}[:i],
		}))
	})
}

func (b *builder) definitions(ctx context.Context) {
	b.some("definitions", 3, func(i int) {
		name := fmt.Sprintf("definition %d", i)
		document := fmt.Sprintf(`{"name":%q,"description":%q,"authentication":{"authType":"OAUTH2","grant":"OAUTH2_CLIENT_CREDENTIALS","accessTokenUrl":"https://api.moviestar.com/OAuth/access_token",`+
			`"clientId":"Experience-Platform-client-id","clientSecret":"Experience-Platform-client-secret","scope":["read","%s"],"x-unknown":{"a":[1.50,[],{},[[1],2],null,true,"\u00e9\n"]}}}`, name, "About "+b.text("about"), "write")
		if i == 2 {
			document = `{"name":"` + name + `","destinationDelivery":[{"deliveryMatchers":[]}],"customerAuthenticationConfigurations":[{"authType":"BASIC","accessToken":"hush-hush"}]}`
		}
		made := must[client.Definition](b)(b.c.CreateDefinition(ctx, []byte(document)))
		if i < 2 && rapid.Bool().Draw(b.T, "published") {
			must[client.Definition](b)(b.c.PublishDefinition(ctx, made.ID))
			must[client.Connection](b)(b.c.CreateConnection(ctx, client.NewConnection{Definition: name, Label: fmt.Sprintf("label %d", i)}))
		}
	})
}

// TestRoundTrip: whatever was made by the API, its export applied to an empty server gives the same export, and applied to the
// server that it came from changes nothing.
func TestRoundTrip(t *testing.T) {
	h := newHouse(t)
	pair, err := keypair.Generate(keypair.Order{Subject: pkix.Name{CommonName: "pair"}, Now: time.Now()})
	check(t, err)
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "pair.key"), pair.PrivateKey(), 0o600))
	known := secrets{}
	for i := range 3 {
		known[fmt.Sprintf("DEFINITION_%d_CLIENT_SECRET", i)] = "Experience-Platform-client-secret"
	}
	if given := flag.Lookup("rapid.checks"); given != nil && given.Value.String() == given.DefValue {
		check(t, given.Value.Set("25")) // each makes two servers' worth of things; more by -rapid.checks
	}
	rapid.Check(t, func(r *rapid.T) {
		here, there := h.empty(t), h.empty(t)
		(&builder{r, here, pair}).build(t.Context())
		text := export(t, here)
		same := func(c *client.Client) {
			plan, err := manifest.Make(t.Context(), config(c, folder, known), parse(t, text))
			if err != nil {
				r.Fatalf("%v\n%s", err, text)
			}
			if err := manifest.Apply(t.Context(), c, plan, func(*manifest.Step, string) {}); err != nil {
				r.Fatalf("%v\n%s", err, text)
			}
			if c == here && !plan.Empty() {
				r.Fatalf("applied to where it comes from, the plan is\n%s\nof\n%s", words(plan), text)
			}
			if got := export(t, c); got != text {
				r.Fatalf("the export is\n%s\nwant\n%s", got, text)
			}
		}
		if strings.TrimSpace(text) == "" {
			return
		}
		validate(r, text)
		same(there)
		same(here)
	})
}
