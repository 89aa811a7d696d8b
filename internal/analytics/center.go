package analytics

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/suggest"
)

// Center is a data centre of the API 1.4.
type Center struct {
	// Name is what a cloud service has: "london".
	Name, Title string
	// URL is the address of its API, as AEM lists it: "https://api3.omniture.com/admin/1.4/rest/".
	URL string
}

// Centers are the data centres that may be called: the vendor's, and those that the operator added. A cloud service names one,
// and never an address, so that a test of a connection leads nobody anywhere else (spec/aem-target-analytics.md §3.2).
type Centers []Center

// DefaultCenter routes to the right one.
const DefaultCenter = "default"

const rest = "/admin/1.4/rest/"

// NewCenters gives the vendor's centres with the operator's behind them.
func NewCenters(added ...Center) (Centers, error) {
	all := Centers{
		{DefaultCenter, "Default (routes to the right one)", "https://api.omniture.com" + rest},
		{"dallas", "Dallas", "https://api2.omniture.com" + rest},
		{"london", "London", "https://api3.omniture.com" + rest},
		{"singapore", "Singapore", "https://api4.omniture.com" + rest},
		{"oregon", "Oregon", "https://api5.omniture.com" + rest},
	}
	for _, c := range added {
		at, err := url.Parse(c.URL)
		switch {
		case c.Name == "" || strings.ContainsAny(c.Name, "/: \t"):
			return nil, fmt.Errorf("data centre %q: a name has no space, slash or colon", c.Name)
		case err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "":
			return nil, fmt.Errorf("data centre %q: want the address of a server, as https://analytics.corp.example", c.Name)
		}
		if at.Path == "" || at.Path == "/" {
			at.Path = rest
		}
		c.Title, c.URL = c.Name, strings.TrimSuffix(at.String(), "/")+"/"
		if i := slices.IndexFunc(all, func(b Center) bool { return b.Name == c.Name }); i >= 0 {
			all[i] = c // the operator leads a name elsewhere, as dev does to its stand-in
			continue
		}
		all = append(all, c)
	}
	return all, nil
}

// ErrCenter is given for what is no data centre of the list.
var ErrCenter = errors.New("no such data centre")

// at tells whether a text is the centre's address, or its host alone: what AEM stores, and its provisioning takes.
func (c Center) at(text string) bool {
	own, err := url.Parse(c.URL)
	return err == nil && (strings.TrimSuffix(text, "/") == strings.TrimSuffix(c.URL, "/") || text == own.Host || text == own.Scheme+"://"+own.Host)
}

// Find gives the one of a name; "" is the default. The address of one on the list is taken for its name. Any other address is
// refused.
func (c Centers) Find(name string) (Center, error) {
	if name == "" {
		name = DefaultCenter
	}
	var names []string
	for _, one := range c {
		if strings.EqualFold(one.Name, name) || one.at(name) {
			return one, nil
		}
		names = append(names, one.Name)
	}
	fix := "use one of " + strings.Join(names, ", ")
	if near, ok := suggest.Closest(strings.ToLower(name), names); ok {
		fix = "did you mean " + near + "? Else " + fix
	}
	if strings.Contains(name, "//") {
		fix = "an address is not taken; an administrator adds a server of your own to the configuration. Here: " + fix
	}
	return Center{}, fmt.Errorf("%w: %s", ErrCenter, fix)
}
