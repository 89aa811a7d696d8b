package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/adobesim"
	"latchkey/internal/analytics"
	"latchkey/internal/cloudservice"
	"latchkey/internal/workflow"
)

// openCloudServices puts the cloud services on the IMS configurations.
func (h *house) openCloudServices() (err error) {
	centers, err := h.config.analyticsCenters()
	if err != nil {
		return err
	}
	if err := h.config.checkTargetAddresses(); err != nil {
		return err
	}
	const beforeOurs = 5 * time.Second // the gateway is to say first that its time is over
	if h.toProducts, err = h.openEgress(max(h.config.EgressTimeout, analytics.Timeout+beforeOurs), analytics.MaxReply); err != nil {
		return err
	}
	h.cloudServices, err = cloudservice.New(cloudservice.Config{
		Store: h.store.CloudServices(), Targets: h.store.CloudTargets(), Tokens: workflow.CloudTokens{IMS: h.ims}, Sender: h.toProducts, Centers: centers,
		Addresses: cloudservice.Addresses{TargetClassic: h.config.TargetClassic, TargetClassicAdmin: h.config.TargetClassicAdmin}, Clock: h.clock, Log: h.log,
	})
	return err
}

// productSettings are of the products' older APIs, on servers of one's own.
func productSettings() []setting {
	return []setting{
		text("target.classic", "", "A server of your own that speaks Target Classic's API, as `https://host`; Adobe's, which is switched off, without it.", func(c *Config) *string { return &c.TargetClassic }),
		text("target.classic_admin", "", "The one that says where an account's admin API of Target Classic is, as `https://host`.", func(c *Config) *string { return &c.TargetClassicAdmin }),
		list("analytics.data_centers", "Servers of your own that speak Analytics 1.4, each as `name=https://host`: a cloud service names one of these, or one of Adobe's, and never an address.", func(c *Config) *[]string { return &c.AnalyticsCenters }),
	}
}

// checkTargetAddresses refuses what is no address: passwords go there.
func (c *Config) checkTargetAddresses() error {
	for name, text := range map[string]string{"target.classic": c.TargetClassic, "target.classic_admin": c.TargetClassicAdmin} {
		u, err := url.Parse(text)
		if text != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
			return fmt.Errorf("%s: %q is not of the form https://host", name, text)
		}
	}
	return nil
}

// analyticsCenters reads the operator's own data centres.
func (c *Config) analyticsCenters() ([]analytics.Center, error) {
	var out []analytics.Center
	for _, text := range c.AnalyticsCenters {
		name, address, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("analytics.data_centers: %q is not of the form name=https://host", text)
		}
		out = append(out, analytics.Center{Name: strings.TrimSpace(name), URL: strings.TrimSpace(address)})
	}
	if _, err := analytics.NewCenters(out...); err != nil {
		return nil, fmt.Errorf("analytics.data_centers: %w", err)
	}
	return out, nil
}

// cloudSamples are the cloud services of the sample organization, each over the IMS configuration of its name.
func cloudSamples() []cloudservice.Create {
	forTarget, forAnalytics := "Sample: Adobe Target", "Sample: Adobe Analytics"
	customer, offered := adobesim.SampleCustomer(sampleOrganizationID), true
	ims := [2]string{"sample-target", "sample-analytics"}
	return []cloudservice.Create{
		{Kind: cloudservice.Analytics, Name: ims[1], Values: cloudservice.Values{
			Title: &forAnalytics, Configuration: &ims[1], Analytics: &cloudservice.AnalyticsValues{Company: &customer.Company, A4T: &offered},
		}},
		{Kind: cloudservice.Target, Name: ims[0], Values: cloudservice.Values{
			Title: &forTarget, Configuration: &ims[0], Target: &cloudservice.TargetValues{TenantID: &customer.Tenant, ClientCode: &customer.ClientCode, A4T: &ims[1]},
		}},
	}
}

// makeCloudSamples adds what is missing of the sample services, and connects those that are not. What somebody changed stays, and
// one that can't be connected any more is somebody's business.
func (h *house) makeCloudSamples(ctx context.Context, caller access.Caller) error {
	if h.url == "" {
		return nil
	}
	for _, sample := range cloudSamples() {
		ref := cloudservice.Ref{Name: sample.Name}
		found, err := h.cloudServices.Get(ctx, caller, ref)
		if errors.Is(err, cloudservice.ErrNotFound) {
			var made cloudservice.Saved
			made, err = h.cloudServices.Create(ctx, caller, sample)
			found = made.Service
		}
		if err != nil {
			return fmt.Errorf("making %s: %w", sample.Name, err)
		}
		if found.Status() != cloudservice.Ready {
			continue
		}
		report, err := h.cloudServices.Connect(ctx, caller, ref)
		if err != nil {
			return fmt.Errorf("connecting %s: %w", sample.Name, err)
		}
		if !report.Connected {
			h.log.WarnContext(ctx, "a sample cloud service is not connected", "name", sample.Name, "why", report.Message())
		}
	}
	return nil
}
