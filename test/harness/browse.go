package harness

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Browse is [Walk] in a test.
func Browse(t testing.TB, start string, values url.Values) (*http.Response, string) {
	t.Helper()
	response, page, err := Walk(start, values)
	if err != nil {
		t.Fatal(err)
	}
	return response, page
}

// Walk goes through pages as a browser without script would: it follows redirects with cookies, and submits the form
// of every page with the given values, by its first submit button, until a page has no form or is the callback's.
func Walk(start string, values url.Values) (*http.Response, string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, "", err
	}
	return WalkWith(&http.Client{Jar: jar, Timeout: 20 * time.Second}, start, values, func(at *url.URL) bool { return strings.Contains(at.Path, "/data/core/") })
}

// WalkWith is [Walk] with a browser of before, until it is where it should end.
func WalkWith(client *http.Client, start string, values url.Values, there func(*url.URL) bool) (*http.Response, string, error) {
	response, err := client.Get(start)
	for range 8 {
		if err != nil {
			return nil, "", err
		}
		body, readErr := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if readErr != nil {
			return nil, "", readErr
		}
		f, formErr := readForm(string(body))
		if formErr != nil {
			return nil, "", formErr
		}
		if !f.found || there(response.Request.URL) {
			return response, string(body), nil
		}
		for name, value := range values {
			f.inputs[name] = value
		}
		target, parseErr := response.Request.URL.Parse(f.action)
		if parseErr != nil {
			return nil, "", parseErr
		}
		response, err = client.PostForm(target.String(), f.inputs)
	}
	return nil, "", errors.New("still a form after eight pages")
}

// form is what a browser would send of a page's first form.
type form struct {
	found  bool
	action string
	inputs url.Values
	button bool
}

func readForm(page string) (form, error) {
	f := form{inputs: url.Values{}}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return f, err
	}
	for n := range root.Descendants() {
		f.add(n)
	}
	return f, nil
}

func (f *form) add(n *html.Node) {
	attributes := map[string]string{}
	for _, a := range n.Attr {
		attributes[a.Key] = a.Val
	}
	name := attributes["name"]
	switch {
	case n.Data == "form" && !f.found:
		f.found, f.action = true, attributes["action"]
	case n.Data == "button" && name != "" && !f.button:
		f.button = true
		f.inputs.Set(name, attributes["value"])
	case n.Data == "input" && name != "" && attributes["type"] != "submit":
		f.inputs.Set(name, attributes["value"])
	}
}
