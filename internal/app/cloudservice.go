package app

import (
	"fmt"
	"strings"
	"time"

	"latchkey/internal/analytics"
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/workflow"
)

// openCloudServices puts the cloud services on the IMS configurations.
func (h *house) openCloudServices() (err error) {
	centers, err := h.config.analyticsCenters()
	if err != nil {
		return err
	}
	const beforeOurs = 5 * time.Second // the gateway is to say first that its time is over
	if h.toProducts, err = h.openEgress(max(h.config.EgressTimeout, analytics.Timeout+beforeOurs), analytics.MaxReply); err != nil {
		return err
	}
	h.cloudServices, err = cloudservice.New(cloudservice.Config{
		Store: h.store.CloudServices(), Tokens: workflow.CloudTokens{IMS: h.ims}, Sender: h.toProducts, Centers: centers, Clock: clock.System(), Log: h.log,
	})
	return err
}

func analyticsSettings() []setting {
	return []setting{
		list("analytics.data_centers", "Servers of your own that speak Analytics 1.4, each as `name=https://host`: a cloud service names one of these, or one of Adobe's, and never an address.", func(c *Config) *[]string { return &c.AnalyticsCenters }),
	}
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
