package analytics

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/secret"
)

// Methods, parameters and shapes of the API 1.4 beyond spec/aem-target-analytics.md §3.4 are those of the vendor's public
// documentation of its admin and reporting API.

// Classic calls the API 1.4. It is safe for concurrent use.
type Classic struct {
	Sender  Sender
	Centers Centers
	Clock   clock.Clock
}

// call sends one method to a data centre. It is sent once: a nonce serves once, and the API was slow to say so.
func (c *Classic) call(ctx context.Context, center, method, sign string, hidden []string, body, out any) error {
	at, err := c.Centers.Find(center)
	if err != nil {
		return err
	}
	content, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at.URL+"?method="+url.QueryEscape(method), bytes.NewReader(content))
	if err != nil {
		return &Error{Layer: Network, Err: errors.New("the address of the data centre can't be used")}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if sign != "" {
		request.Header.Set("X-Wsse", sign)
	}
	reply, err := send(ctx, c.Sender, request)
	if err != nil {
		return &Error{Layer: Network, Err: err}
	}
	if reply.Status != http.StatusOK {
		return refusal(reply.Status, reply.Header, reply.Body, c.Clock.Now(), hidden...)
	}
	return c.read(reply, hidden, out)
}

// read reads an answer. A refusal may come with 200.
func (c *Classic) read(reply *egress.Response, hidden []string, out any) error {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(reply.Body, &said) == nil && said.Error != "" {
		return refusal(reply.Status, reply.Header, reply.Body, c.Clock.Now(), hidden...)
	}
	if err := json.Unmarshal(reply.Body, out); err != nil {
		return &Error{Layer: Foreign, Status: reply.Status, Message: "the answer is not the JSON that was expected"}
	}
	return nil
}

// signed sends one method as a user.
func (c *Classic) signed(ctx context.Context, center string, as *Login, method string, body, out any) error {
	if problem := as.check(); problem != "" {
		return &Error{Layer: Network, Err: errors.New(problem)}
	}
	return c.call(ctx, center, method, as.UsernameToken(nonce(), c.Clock.Now()), []string{as.Secret.Reveal()}, body, out)
}

// check keeps what would end the header's quotation from going out.
func (l *Login) check() string {
	if l.User == "" || l.Company == "" {
		return "the API 1.4 signs as user:company, and one of them is empty"
	}
	if strings.ContainsAny(l.User+l.Company, "\"\\\r\n") {
		return "a user or company can't have quotation marks, backslashes or line breaks"
	}
	return ""
}

// LoginKey trades a user's password for the shared secret that signs. The password is used for this, and kept nowhere.
func (c *Classic) LoginKey(ctx context.Context, center, company, user string, password secret.String) (secret.String, error) {
	var key string
	body := map[string]string{"company": company, "login": user, "password": password.Reveal()}
	if err := c.call(ctx, center, "Company.GetLoginKey", "", []string{password.Reveal()}, body, &key); err != nil {
		return secret.String{}, err
	}
	if key == "" {
		return secret.String{}, &Error{Layer: Foreign, Status: http.StatusOK, Message: "the answer holds no secret"}
	}
	return secret.New(key), nil
}

// ReportSuites gives the company's report suites: the call by which AEM checks what it was given.
func (c *Classic) ReportSuites(ctx context.Context, center string, as *Login) ([]Suite, error) {
	var said struct {
		Suites []struct {
			ID      string `json:"rsid"`
			Title   string `json:"site_title"`
			Virtual bool   `json:"virtual"`
		} `json:"report_suites"`
	}
	body := map[string]any{"types": []string{"standard", "rollup", "virtual"}, "search": ""}
	if err := c.signed(ctx, center, as, "Company.GetReportSuites", body, &said); err != nil {
		return nil, err
	}
	var out []Suite
	for _, s := range said.Suites {
		kind := "reportsuite"
		if s.Virtual {
			kind = "virtualreportsuite"
		}
		out = append(out, Suite{ID: s.ID, Name: s.Title, Type: kind})
	}
	return out, nil
}

// TrackingServer is where pages of a report suite send to.
type TrackingServer struct {
	Server    string `json:"tracking_server"`
	Namespace string `json:"namespace"`
}

// TrackingServer gives a report suite's.
func (c *Classic) TrackingServer(ctx context.Context, center string, as *Login, suite string) (TrackingServer, error) {
	var out TrackingServer
	err := c.signed(ctx, center, as, "Company.GetTrackingServer", map[string]string{"rsid": suite}, &out)
	return out, err
}

// Variable is a prop, an eVar or an event of a report suite.
type Variable struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	// Enabled is nil where the API does not tell.
	Enabled *bool `json:"enabled"`
}

// Props gives a report suite's traffic variables.
func (c *Classic) Props(ctx context.Context, center string, as *Login, suite string) ([]Variable, error) {
	return c.variables(ctx, center, as, "ReportSuite.GetProps", suite)
}

// Evars gives a report suite's conversion variables.
func (c *Classic) Evars(ctx context.Context, center string, as *Login, suite string) ([]Variable, error) {
	return c.variables(ctx, center, as, "ReportSuite.GetEvars", suite)
}

// Events gives a report suite's success events.
func (c *Classic) Events(ctx context.Context, center string, as *Login, suite string) ([]Variable, error) {
	return c.variables(ctx, center, as, "ReportSuite.GetEvents", suite)
}

func (c *Classic) variables(ctx context.Context, center string, as *Login, method, suite string) ([]Variable, error) {
	var said []struct {
		Props  []Variable `json:"props"`
		Evars  []Variable `json:"evars"`
		Events []Variable `json:"events"`
	}
	if err := c.signed(ctx, center, as, method, map[string]any{"rsid_list": []string{suite}}, &said); err != nil {
		return nil, err
	}
	var out []Variable
	for _, s := range said {
		out = append(append(append(out, s.Props...), s.Evars...), s.Events...)
	}
	return out, nil
}

// Segments gives the company's segments.
func (c *Classic) Segments(ctx context.Context, center string, as *Login) ([]Segment, error) {
	var said []struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Description string `json:"description"`
		Suite       string `json:"reportSuiteID"`
		Modified    string `json:"modified"`
	}
	body := map[string]any{"accessLevel": "shared", "fields": []string{"name", "description", "reportSuiteID", "modified"}}
	if err := c.signed(ctx, center, as, "Segments.Get", body, &said); err != nil {
		return nil, err
	}
	var out []Segment
	for _, s := range said {
		out = append(out, Segment{ID: s.ID, Name: s.Name, Description: s.Description, Suite: s.Suite, Modified: s.Modified})
	}
	return out, nil
}

// Metrics gives a report suite's metrics.
func (c *Classic) Metrics(ctx context.Context, center string, as *Login, suite string) ([]Component, error) {
	var said []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := c.signed(ctx, center, as, "Report.GetMetrics", map[string]any{"reportSuiteID": suite}, &said); err != nil {
		return nil, err
	}
	var out []Component
	for _, s := range said {
		out = append(out, Component{ID: s.ID, Title: cmp.Or(s.Name, s.ID), Name: s.Name})
	}
	return out, nil
}
