package web_test

import (
	"bytes"
	"flag"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestSignIn signs a browser in, once, and out.
func TestSignIn(t *testing.T) {
	h := newHouse(t)
	client := h.browser()
	welcome := h.get(client, h.url+"/")
	if strings.Contains(welcome.text, organization) || !strings.Contains(welcome.text, "Latchkey runs here") {
		t.Errorf("nobody is signed in, and sees %s", welcome.text)
	}
	link := h.link(h.ada)
	head, err := http.Head(link)
	check(t, err)
	_ = head.Body.Close()
	home := h.get(client, link)
	if home.Request.URL.Path != "/" || !strings.Contains(home.text, organization) || !strings.Contains(home.text, "Acme &amp; Söhne") {
		t.Errorf("signed in, and sees %s: %s", home.Request.URL, home.text)
	}
	cookie := client.Jar.Cookies(home.Request.URL)
	if len(cookie) != 1 || cookie[0].Name != "latchkey" {
		t.Errorf("cookies = %v", cookie)
	}
	if again := h.get(client, link); again.StatusCode != http.StatusOK || again.Request.URL.Path != "/" {
		t.Errorf("the link again, signed in = %d %s", again.StatusCode, again.Request.URL)
	}
	expect(t, h.get(h.browser(), link), http.StatusGone, "signed somebody in already")
	expect(t, post(h, client, "/sign-out", url.Values{"csrf": {"guessed"}}), http.StatusForbidden, "did not come from here")
	token := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(home.text)
	out := post(h, client, "/sign-out", url.Values{"csrf": {token[1]}})
	if out.StatusCode != http.StatusOK || !strings.Contains(out.text, "Latchkey runs here") {
		t.Errorf("signed out, and sees %d %s", out.StatusCode, out.text)
	}
}

func post(h *house, client *http.Client, path string, form url.Values) answer {
	response, err := client.PostForm(h.url+path, form)
	check(h, err)
	return read(h, response)
}

// TestForeignForm posts as a page of another site would.
func TestForeignForm(t *testing.T) {
	h := newHouse(t)
	r, err := http.NewRequest(http.MethodPost, h.url+"/sign-out", nil)
	check(t, err)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := http.DefaultClient.Do(r)
	check(t, err)
	expect(t, read(t, response), http.StatusForbidden, "did not come from here")
}

// TestPages reads every page as a critic: valid, reachable by keyboard and screen reader, nothing inline, nothing from
// elsewhere, small, and every link on it leads somewhere.
func TestPages(t *testing.T) {
	h := newHouse(t)
	h.define("moviestar", "consent=allow", "", clientSecret)
	client := h.browser()
	h.get(client, h.begin(connection.Create{Definition: "moviestar", Label: "acme"}).AuthorizeURL)
	stranger := h.browser()
	link, err := h.links.Create(t.Context(), h.caller, connectlink.Ask{Definition: "moviestar"})
	check(t, err)
	customer := strings.TrimPrefix(link.URL, h.url)
	h.get(client, h.link(h.ada))
	for _, c := range []struct {
		name, path string
		client     *http.Client
		status     int
	}{
		{"welcome", "/", stranger, 200}, {"home", "/", client, 200}, {"search", "/search?q=acme", client, 200}, {"nothing to search", "/search", client, 200}, {"calendar", "/calendar?all=1", client, 200}, {"charts", "/charts?over=week", client, 200}, {"docs", "/docs", stranger, 200},
		{"docs of a group", "/docs/connections", stranger, 200}, {"docs of webhooks", "/docs/webhooks", stranger, 200},
		{"IMS configurations", "/libs/cq/adobeims-configuration/content/configurations.html", client, 200}, {"new IMS configuration", "/ims-configurations/new", client, 200},
		{"IMS by OAuth", "/ims-configurations/new/oauth", client, 200}, {"cloud services", "/cloud-services", client, 200}, {"new cloud service", "/cloud-services/new?kind=analytics", client, 200}, {"projects", "/projects", client, 200}, {"new project", "/projects/new", client, 200},
		{"connections", "/connections", client, 200}, {"new connection", "/connections/new", client, 200}, {"connect links", "/connections/links", client, 200}, {"new connect link", "/connections/links/new?definition=moviestar", client, 200}, {"brand", "/connections/brand", client, 200},
		{"customer's link", customer, stranger, 200}, {"form of a connection", "/connections/new?definition=moviestar", client, 200},
		{"docs of shapes", "/docs/shapes", stranger, 200}, {"docs of a shape", "/docs/shapes/Connection", stranger, 200}, {"no shape", "/docs/shapes/Nothing", stranger, 404}, {"docs of nothing", "/docs/nothing", stranger, 404},
		{"errors", "/docs/errors", client, 200}, {"missing", "/nowhere", stranger, 404}, {"unknown", "/connect/x", stranger, 404},
		{"ticket", "/sign-in?ticket=x", stranger, 410}, {"sign-in", "/sign-in?back=/docs", stranger, 200}, {"sign-in again", "/sign-in", client, 200},
		{"invitation", "/invitation?token=x", stranger, 410}, {"method", "/sign-out", stranger, 405}, {"slash", "/docs/errors/", stranger, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := h.get(c.client, h.url+c.path)
			if got.StatusCode != c.status {
				t.Errorf("status = %d, want %d", got.StatusCode, c.status)
			}
			if len(got.text) > 100<<10 {
				t.Errorf("the page has %d bytes, over 100 KiB", len(got.text))
			}
			if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("Content-Security-Policy = %q", policy)
			}
			root, err := html.Parse(strings.NewReader(got.text))
			check(t, err)
			critic := critic{T: t, h: h, client: c.client}
			critic.page(root)
		})
	}
}

type critic struct {
	*testing.T
	h        *house
	client   *http.Client
	ids      map[string]bool
	labels   map[string]bool
	inputs   []string
	links    []string
	headings int
}

func (c *critic) page(root *html.Node) {
	c.ids, c.labels = map[string]bool{}, map[string]bool{}
	c.visit(root)
	if c.headings != 1 {
		c.Errorf("the page has %d h1, want 1", c.headings)
	}
	for _, id := range c.inputs {
		if !c.labels[id] {
			c.Errorf("the input %q has no label", id)
		}
	}
	for _, link := range c.links {
		if fragment, ok := strings.CutPrefix(link, "#"); ok {
			if !c.ids[fragment] {
				c.Errorf("the link %q leads nowhere", link)
			}
			continue
		}
		if path, _, _ := strings.Cut(link, "#"); path == "/openapi.json" {
			continue // the API's
		}
		if got := c.h.get(c.client, c.h.url+link); got.StatusCode != http.StatusOK {
			c.Errorf("the link %q answers %d", link, got.StatusCode)
		}
	}
}

func (c *critic) visit(n *html.Node) {
	if n.Type == html.ElementNode {
		c.element(n)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.visit(child)
	}
}

func (c *critic) element(n *html.Node) {
	attributes := map[string]string{}
	for _, a := range n.Attr {
		attributes[a.Key] = a.Val
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
			c.Errorf("<%s> has an inline %s", n.Data, a.Key)
		}
	}
	if id, ok := attributes["id"]; ok {
		if c.ids[id] {
			c.Errorf("the id %q is there twice", id)
		}
		c.ids[id] = true
	}
	switch n.Data {
	case "html":
		if attributes["lang"] == "" {
			c.Error("the page has no language")
		}
	case "h1":
		c.headings++
	case "label":
		c.labels[attributes["for"]] = true
	case "input":
		if attributes["type"] != "hidden" {
			c.inputs = append(c.inputs, attributes["id"])
		}
	case "script", "style":
		if n.FirstChild != nil {
			c.Errorf("there is an inline %s", n.Data)
		}
	}
	for _, name := range []string{"href", "src", "action"} {
		link := attributes[name]
		if strings.Contains(link, "//") && n.Data != "a" {
			c.Errorf("<%s> asks another host: %s", n.Data, link)
		}
		if name != "action" && link != "" && !strings.Contains(link, "//") {
			c.links = append(c.links, link)
		}
	}
}

// TestGolden keeps the pages that do not depend on what is stored.
func TestGolden(t *testing.T) {
	h := newHouse(t)
	for name, path := range map[string]string{"welcome": "/", "missing": "/nowhere", "unknown": "/connect/x", "errors": "/docs/errors", "ticket": "/sign-in?ticket=x"} {
		got := []byte(strings.ReplaceAll(h.get(h.browser(), h.url+path).text, h.url, "http://latchkey.test"))
		got = regexp.MustCompile(`\.[0-9a-f]{8}\.`).ReplaceAll(got, []byte(".HASH."))
		file := "testdata/" + name + ".html"
		if *update {
			check(t, os.WriteFile(file, got, 0o644))
			continue
		}
		want, err := os.ReadFile(file)
		check(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what is made now; go test ./internal/web -update rewrites it\n%s", file, got)
		}
	}
}

// TestAssets fetches the stylesheet by its hashed name.
func TestAssets(t *testing.T) {
	h := newHouse(t)
	page := h.get(h.browser(), h.url+"/")
	path := regexp.MustCompile(`/assets/console\.[0-9a-f]{8}\.css`).FindString(page.text)
	got := h.get(h.browser(), h.url+path)
	if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/css") {
		t.Errorf("%s = %d %v", path, got.StatusCode, got.Header)
	}
	if got := h.get(h.browser(), h.url+"/assets/console.00000000.css"); got.StatusCode != http.StatusNotFound {
		t.Errorf("another hash = %d", got.StatusCode)
	}
}
