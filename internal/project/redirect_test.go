package project_test

import (
	"testing"

	"latchkey/internal/project"
)

// TestRedirects holds where a browser may be sent, and where not (spec/ims-and-console.md §2.3).
func TestRedirects(t *testing.T) {
	c := newConsole(t, project.Quotas{})
	const good = "https://www.example.com/callback"
	for name, test := range map[string]struct {
		kind          project.Kind
		redirect      project.Redirect
		pointer, text string
	}{
		"http":              {project.OAuthWebApp, project.Redirect{Default: "http://www.example.com/"}, "/redirect/default", "https"},
		"http, local":       {project.OAuthSinglePageApp, project.Redirect{Default: "http://127.0.0.1:8000/"}, "/redirect/default", "https"},
		"a relative one":    {project.OAuthWebApp, project.Redirect{Default: "/callback"}, "/redirect/default", "absolute"},
		"no host":           {project.OAuthWebApp, project.Redirect{Default: "https:///callback"}, "/redirect/default", "host is missing"},
		"a fragment":        {project.OAuthWebApp, project.Redirect{Default: good + "#x"}, "/redirect/default", "fragment"},
		"an empty fragment": {project.OAuthWebApp, project.Redirect{Default: good + "#"}, "/redirect/default", "fragment"},
		"a wildcard":        {project.OAuthWebApp, project.Redirect{Default: "https://*.example.com/"}, "/redirect/default", "wildcards"},
		"userinfo":          {project.OAuthWebApp, project.Redirect{Default: "https://www.example.com@evil.example/"}, "/redirect/default", "before the host"},
		"a scheme":          {project.OAuthWebApp, project.Redirect{Default: "myapp://callback"}, "/redirect/default", "https"},
		"a script":          {project.OAuthNativeApp, project.Redirect{Default: "javascript://x/%0aalert(1)"}, "/redirect/default", "run"},
		"an open pattern":   {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{".*"}}, "/redirect/patterns/0", "leaves the host open"},
		"an open host":      {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{`https://.*\.example\.com/`}}, "/redirect/patterns/0", "leaves the host open"},
		"no slash":          {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{`https://www\.example\.com.*`}}, "/redirect/patterns/0", "leaves the host open"},
		"a loose dot":       {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{`https://www.example.com/.*`}}, "/redirect/patterns/0", "dots escaped"},
		"an alternative":    {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{`https://a\.example/|.*`}}, "/redirect/patterns/0", "leaves the host open"},
		"any case":          {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{`(?i)https://a\.example/`}}, "/redirect/patterns/0", "leaves the host open"},
		"no expression":     {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{`https://a\.example/`, `https://a\.example/(`}}, "/redirect/patterns/1", "no regular expression"},
		"http in a pattern": {project.OAuthWebApp, project.Redirect{Default: good, Patterns: []string{`http://a\.example/.*`}}, "/redirect/patterns/0", "https"},
	} {
		_, err := c.credentials.Create(t.Context(), admin, project.NewCredential{Workspace: c.workspace.ID, Name: "x", Kind: test.kind, Redirect: test.redirect})
		wantInvalid(t, name, err, test.pointer, test.text)
	}
	made, err := c.credentials.Create(t.Context(), admin, project.NewCredential{Workspace: c.workspace.ID, Name: "web", Kind: project.OAuthWebApp, Redirect: project.Redirect{
		Default: good, Patterns: []string{`https://app\\.example\\.com/cb/[a-z]+`, ` https://one\.example/exact`},
	}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := c.clients.Client(t.Context(), made.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	for uri, want := range map[string]bool{
		good: true, "https://app.example.com/cb/abc": true, "https://one.example/exact": true,
		good + "/": false, "HTTPS://www.example.com/callback": false, "https://app.example.com/cb/": false, "https://app.example.com/cb/abc#": false,
		"https://app.example.com/cb/abc\nx": false, "https://appXexample.com/cb/abc": false, "https://evil.example/?https://app.example.com/cb/abc": false,
		"https://one.example/exact/more": false, "": false,
	} {
		if got := client.Redirect.Allows(uri); got != want {
			t.Errorf("Allows(%q) = %v, want %v", uri, got, want)
		}
	}
	for _, uri := range []string{"adobe+abc://adobeid/cb", "http://localhost:8888/", "http://[::1]:9/"} {
		_, err := c.credentials.Create(t.Context(), admin, project.NewCredential{Workspace: c.workspace.ID, Name: uri, Kind: project.OAuthNativeApp, Redirect: project.Redirect{Default: uri}})
		if err != nil {
			t.Errorf("a native app at %s: %v", uri, err)
		}
	}
}
