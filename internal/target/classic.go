package target

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/finding"
	"latchkey/internal/secret"
)

// The addresses of Target Classic.
const (
	ClassicAPI   = "https://testandtarget.omniture.com"
	ClassicAdmin = "https://admin.testandtarget.omniture.com"
)

// ClassicRetired is when Adobe switched Target Classic's API off. Writing had ended on 2017-10-17.
var ClassicRetired = time.Date(2017, 11, 14, 0, 0, 0, 0, time.UTC)

// ClassicNote says so.
const ClassicNote = "Adobe switched the API of Target Classic off on 2017-11-14 (writing ended on 2017-10-17): its own servers do not answer it any more. It serves servers of one's own, and imported settings"

// ClassicConfig is what a [Classic] works with.
type ClassicConfig struct {
	Sender Sender
	// API and Admin are scheme and host of the two parts; "" means [ClassicAPI] and [ClassicAdmin].
	API, Admin string
	Clock      clock.Clock // nil means the machine's
}

// Classic calls Target Classic, with a user's e-mail and password. It only reads.
type Classic struct {
	sender     Sender
	api, admin string
	clock      clock.Clock
}

// NewClassic makes a client.
func NewClassic(c ClassicConfig) *Classic {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	trim := func(s string) string { return strings.TrimRight(s, "/") }
	return &Classic{sender: c.Sender, api: trim(cmp.Or(c.API, ClassicAPI)), admin: trim(cmp.Or(c.Admin, ClassicAdmin)), clock: c.Clock}
}

// Login is who calls.
type Login struct {
	// Client is the client code.
	Client, Email string
	Password      secret.String
}

// values are how the API wants it: password and all in the address. So no address is shown or logged.
func (l Login) values() url.Values {
	return url.Values{"client": {l.Client}, "email": {l.Email}, "password": {l.Password.Reveal()}}
}

// CheckCredentials asks for the list of campaigns, as AEM's Connect does (§2.2), and throws it away.
func (c *Classic) CheckCredentials(ctx context.Context, who Login) error {
	query := who.values()
	query.Set("operation", "campaignList")
	query.Set("version", "1")
	reply, err := c.get(ctx, c.api+"/api?"+query.Encode(), who)
	if err != nil {
		return err
	}
	said, refused, ok := readXML(reply.Body)
	switch {
	case !ok:
		return &Error{Layer: Foreign, Status: reply.Status, Message: "the answer is no XML"}
	case refused:
		return &Error{Layer: Service, Status: reply.Status, Message: finding.Bounded(said, 300, who.Password.Reveal())}
	}
	return nil
}

// readXML tells of an <error>, wherever it stands, and its words; not ok for what is no XML.
func readXML(body []byte) (said string, refused, ok bool) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for inError := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return strings.TrimSpace(said), refused, ok
		}
		if err != nil {
			return "", false, false
		}
		switch t := token.(type) {
		case xml.StartElement:
			ok = true
			if name := strings.ToLower(t.Name.Local); inError > 0 || name == "error" || name == "errors" {
				inError++
				refused = true
			}
		case xml.EndElement:
			inError = max(0, inError-1)
		case xml.CharData:
			if inError > 0 {
				said += string(t)
			}
		}
	}
}

// Endpoint gives where an account's admin API is: the service for all of them tells.
func (c *Classic) Endpoint(ctx context.Context, client string) (string, error) {
	reply, err := c.get(ctx, c.admin+"/rest/v1/endpoint/"+url.PathEscape(client), Login{})
	if err != nil {
		return "", err
	}
	var said struct {
		API string `json:"api"`
	}
	if json.Unmarshal(reply.Body, &said) != nil || said.API == "" {
		return "", &Error{Layer: Foreign, Status: reply.Status, Message: "the answer names no endpoint"}
	}
	if err := beside(c.admin, said.API); err != nil {
		return "", &Error{Layer: Foreign, Status: reply.Status, Message: err.Error()}
	}
	return strings.TrimRight(said.API, "/"), nil
}

// beside refuses an endpoint that the password must not be sent to: one of another scheme, or of another domain than that of
// the service that named it.
func beside(service, endpoint string) error {
	s, err := url.Parse(service)
	if err != nil {
		return errors.New("the address of the service can't be read")
	}
	e, err := url.Parse(endpoint)
	if err != nil || e.Host == "" || e.User != nil || e.Scheme != s.Scheme {
		return errors.New("the endpoint that it names is no address, or of another scheme")
	}
	_, domain, nested := strings.Cut(s.Hostname(), ".")
	if e.Host == s.Host || nested && strings.Contains(domain, ".") && strings.HasSuffix(e.Hostname(), "."+domain) && strings.Trim(domain, ".0123456789") != "" {
		return nil
	}
	return fmt.Errorf("it leads to %s, which is of another domain", finding.Bounded(e.Host, 80))
}

// Segment is what Classic tells of an audience.
type Segment struct {
	ID   json.Number `json:"id"`
	Name string      `json:"name"`
}

// Segments gives an account's segments.
func (c *Classic) Segments(ctx context.Context, who Login) ([]Segment, error) {
	endpoint, err := c.Endpoint(ctx, who.Client)
	if err != nil {
		return nil, err
	}
	reply, err := c.get(ctx, endpoint+"/segments/1.json?"+who.values().Encode(), who)
	if err != nil {
		return nil, err
	}
	var out []Segment
	if json.Unmarshal(reply.Body, &out) == nil {
		return out, nil
	}
	_, err = readPage(bytes.NewReader(reply.Body), "segments", func(s Segment) error { out = append(out, s); return nil })
	if err != nil {
		return nil, &Error{Layer: Foreign, Status: reply.Status, Message: "the answer is no list of segments"}
	}
	return out, nil
}

func (c *Classic) get(ctx context.Context, at string, who Login) (*egress.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return nil, &Error{Layer: Here, Err: errors.New("the address of Target Classic can't be used")}
	}
	reply, err := c.sender.Do(ctx, request)
	if err != nil {
		return nil, &Error{Layer: Network, Err: err}
	}
	if reply.Status == http.StatusOK {
		return reply, nil
	}
	failure := refusal(reply, c.clock.Now(), who.Password.Reveal())
	if said, refused, ok := readXML(reply.Body); ok && refused {
		failure.Layer, failure.Message = Service, finding.Bounded(said, 300, who.Password.Reveal())
	}
	return nil, failure
}

// ExplainClassic says what an error of [Classic] means.
func ExplainClassic(e *Error) finding.Explanation {
	retired := finding.Change("use an IMS configuration in place of e-mail and password; "+ClassicNote, atHere+" --authentication ims --ims-configuration NAME")
	login := finding.Change("check client code, e-mail and password; the user needs the role approver", atHere)
	switch {
	case e.Layer == Network || e.Layer == Here:
		return finding.Explanation{Means: "no answer came: " + e.Error(), Advice: []finding.Advice{retired,
			finding.Change("for a server of one's own: check its address and that this machine reaches it", "here: the server's configuration")}}
	case e.Layer == Service || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return finding.Explanation{Means: "client code, e-mail and password do not belong together, or the user may not do that", Advice: []finding.Advice{login, retired}}
	}
	return finding.Explanation{Means: "what answers there does not speak as Target Classic did", Advice: []finding.Advice{retired}}
}
