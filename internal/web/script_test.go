package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/destination"
	"latchkey/internal/ims"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
	"latchkey/internal/web"
	"latchkey/internal/webhook"
)

// planted are texts that a page must show as what they are, each with a number of its own.
type planted struct {
	*house
	fields []string // :: number → what it was entered as
}

// plant gives the text for a field: it breaks out of an attribute and of an element, and runs.
func (p *planted) plant(field string) string {
	p.fields = append(p.fields, field)
	return fmt.Sprintf(`"'></b></title><img src=x onerror="alert(%d)"><script>alert(%d)</script>`, len(p.fields)-1, len(p.fields)-1)
}

// brief is one for fields that take less.
func (p *planted) brief(field string) string {
	p.fields = append(p.fields, field)
	return fmt.Sprintf(`"><script>alert(%d)</script>`, len(p.fields)-1)
}

// everywhere puts such a text into every field that a person, a customer, a producer or a provider can fill.
func (p *planted) everywhere() (addresses []string) {
	ctx, h := context.Background(), p.house
	title, server := p.plant("title of an IMS configuration"), "https://ims-na1.adobelogin.com"
	_, err := h.ims.Create(ctx, h.caller, ims.Create{Name: "acme", Values: ims.Values{Title: &title, Type: new(ims.OAuth), Server: &server, ClientID: new("client"), Secret: new(secret.New("hush-hush"))}})
	check(h, err)
	title = p.plant("title of a cloud service")
	_, err = h.services.Create(ctx, h.caller, cloudservice.Create{Kind: cloudservice.Target, Name: "acme", Values: cloudservice.Values{Title: &title, Configuration: new("acme")}})
	check(h, err)
	title = p.plant("title of a framework")
	_, err = h.services.CreateFramework(ctx, h.caller, cloudservice.Ref{Name: "acme"}, cloudservice.NewFramework{Name: "site", FrameworkValues: cloudservice.FrameworkValues{Title: &title}})
	check(h, err)
	p.definition()
	made, workspaces, err := h.projects.Create(ctx, h.caller, project.NewProject{
		Name: "Acme", Title: p.brief("title of a project"), Description: p.plant("description of a project"),
		Workspaces: []project.NewWorkspace{{Name: "Production", Title: p.brief("title of a workspace"), Description: "d"}, {Name: "Stage"}},
	})
	check(h, err)
	_, err = h.credentials.Create(ctx, h.caller, project.NewCredential{Workspace: workspaces[0].ID, Name: "acme", Description: p.plant("description of a credential"), Kind: project.OAuthServerToServer})
	check(h, err)
	p.administered()
	p.connected()
	_, err = h.broker.Create(ctx, h.caller, pipeline.Create{Name: "triggers", Description: p.plant("description of a topic"), Partitions: 1})
	check(h, err)
	h.produce(`{"messageId":"m-1","key":` + quoted(p.plant("key of an event")) + `,"source":"console","value":{"note":` + quoted(p.plant("value of an event")) + `}}`)
	state := []byte(`{"lanes":[],"dead_letters":{"count":1,"newest":[{"id":7,"topic":"triggers","partition":0,"offset":0,"trigger":` + quoted(p.plant("trigger of a dead letter")) +
		`,"dead_at":"2026-11-28T09:00:00Z","attempts":3,"error":` + quoted(p.plant("error of a dead letter")) + `}]}}`)
	_, err = h.fleet.Tell(ctx, h.caller, fleet.Daemon{Instance: "prod", Host: "one", Version: "test", Credential: p.brief("credential of a daemon"), Fingerprint: "f1", Failure: p.plant("failure of a daemon"), State: state})
	check(h, err)
	return []string{"/projects/" + made.ID, "/topics/triggers/events/0/0", "/topics/triggers/find?q=m-1", "/instances/prod/letters", "/search?q=alert", "/audit"}
}

// administered fills what administrators name.
func (p *planted) administered() {
	ctx, h := context.Background(), p.house
	_, err := h.offers.Entitle(ctx, h.caller, project.Target)
	check(h, err)
	_, err = h.offers.Declare(ctx, h.caller, project.NewService{Code: "billing", Name: p.brief("name of a service"), Description: p.plant("description of a service"), Scopes: []string{"billing:read"}})
	check(h, err)
	_, err = h.offers.CreateProfile(ctx, h.caller, project.NewProfile{Service: project.Target, Name: p.brief("name of a product profile"), Description: p.plant("description of a product profile")})
	check(h, err)
	_, err = h.directory.CreateSandbox(ctx, h.caller, "stage", p.brief("title of a sandbox"))
	check(h, err)
	h.person(organization, registry.NewUser{Email: "grace@example.com", FirstName: p.brief("first name"), LastName: p.brief("last name"), Role: access.Developer})
	_, err = h.keys.Create(ctx, h.caller, registry.NewKey{Name: p.brief("name of an API key"), Scopes: access.Scopes{access.TokensRead}})
	check(h, err)
	_, err = h.webhooks.Create(ctx, h.caller, webhook.Create{URL: "https://example.com/hooks?q=" + url.QueryEscape("<script>"), Description: p.plant("description of a webhook")})
	check(h, err)
	_, err = h.calendar.CreateFeed(ctx, h.ada.Caller(), p.brief("name of a calendar address"))
	check(h, err)
}

// definition fills what a definition says, and what its customers are asked for.
func (p *planted) definition() {
	document, err := destination.ParseDocument([]byte(`{"name":"acme","description":` + quoted(p.plant("description of a definition")) + `,"authentication":{"authType":"OAUTH2",
		"grant":"OAUTH2_PASSWORD","accessTokenUrl":"https://api.moviestar.com/OAuth/access_token","clientId":"acme","clientSecret":"hush-hush","scope":["read"],
		"authenticationDataFields":[{"name":"username","title":"User name","type":"string","isRequired":true,"source":"CUSTOMER"},{"name":"password","title":"Password","type":"string","format":"password","isRequired":true,"source":"CUSTOMER"},
			{"name":"region","title":` + quoted(p.plant("title of a field")) + `,"description":` + quoted(p.plant("description of a field")) + `,"type":"string","source":"CUSTOMER"}]}}`))
	check(p, err)
	_, err = p.catalogue.Create(p.Context(), p.caller, "", destination.Draft{Document: document, Note: p.plant("note of a revision")})
	check(p, err)
	_, err = p.catalogue.Publish(p.Context(), p.caller, destination.Ref{Name: "acme"})
	check(p, err)
}

// connected fills what customers and their applications name.
func (p *planted) connected() {
	h := p.house
	h.define("moviestar", "consent=allow", "", clientSecret)
	h.begin(connection.Create{Definition: "moviestar", Label: "acme"})
	_, err := h.links.Create(p.Context(), h.caller, connectlink.Ask{Definition: "acme", Reference: p.plant("reference of a connect link")})
	check(h, err)
	_, err = h.links.SaveBrand(p.Context(), h.caller, connectlink.BrandEdit{Name: p.brief("name of a brand"), Lead: p.plant("words of a brand")})
	check(h, err)
}

// TestStoredScript plants markup that runs in every field, and follows every link from the overview: no page has it as markup, and
// each is shown somewhere, as text.
func TestStoredScript(t *testing.T) {
	p := &planted{house: newHouse(t)}
	addresses := p.everywhere()
	client := p.browser()
	p.get(client, p.link(p.ada))
	link, err := p.links.Create(t.Context(), p.caller, connectlink.Ask{Definition: "acme"})
	check(t, err)
	addresses = append(addresses, "/", "/sign-in", strings.TrimPrefix(link.URL, p.url))
	seen, kinds, shown := map[string]bool{}, map[string]int{}, map[int]bool{}
	mux := http.NewServeMux()
	for _, pattern := range web.Patterns() {
		mux.HandleFunc(pattern, http.NotFound)
	}
	for len(addresses) > 0 {
		address := addresses[0]
		addresses = addresses[1:]
		_, kind := mux.Handler(httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody))
		if seen[address] || kinds[kind] == mostOfAKind {
			continue
		}
		seen[address], kinds[kind] = true, kinds[kind]+1
		got := p.get(client, p.url+address)
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") || got.Header.Get("Content-Disposition") != "" {
			continue
		}
		root, err := html.Parse(strings.NewReader(got.text))
		check(t, err)
		links := p.tame(t, address, root)
		for n := range p.fields {
			shown[n] = shown[n] || strings.Contains(got.text, fmt.Sprintf("alert(%d)", n))
		}
		addresses = append(addresses, links...)
	}
	for n, field := range p.fields {
		if !shown[n] {
			t.Errorf("no page shows the %s: is it furnished, and reached?", field)
		}
	}
	if len(kinds) < 80 {
		t.Errorf("%d kinds of pages were looked at", len(kinds))
	}
}

// mostOfAKind is how many pages of one route are looked at.
const mostOfAKind = 6

// tame holds that nothing of a page runs but our own files, and gives where its links lead.
func (p *planted) tame(t *testing.T, address string, root *html.Node) (links []string) {
	t.Helper()
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			link := (a.Key == "href" || a.Key == "src" || a.Key == "action" || a.Key == "formaction") && strings.Contains(strings.ToLower(a.Val), "script:")
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || link {
				t.Errorf("%s: <%s %s=%q>", address, n.Data, a.Key, a.Val)
			}
			if a.Key == "src" && !strings.HasPrefix(a.Val, "/assets/") && !strings.HasPrefix(a.Val, "/connect/logo/") && !strings.HasPrefix(a.Val, "data:image/png;base64,") {
				t.Errorf("%s: <%s src=%q>", address, n.Data, a.Val)
			}
			if n.Data == "a" && a.Key == "href" && strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "/openapi") {
				local, _, _ := strings.Cut(a.Val, "#")
				links = append(links, local)
			}
		}
		if n.Data == "script" && n.FirstChild != nil {
			t.Errorf("%s has a script in it: %q", address, n.FirstChild.Data)
		}
	}
	return links
}
