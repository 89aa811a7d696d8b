package web

import (
	"net/http"

	"latchkey/internal/pipeline"
	"latchkey/internal/project"
)

// eventTopicRow is a topic as the tab Events shows it.
type eventTopicRow struct {
	pipeline.Topic
	Path   string
	Groups []pipeline.Consumer
}

// credentialEvents tells which events a credential can produce and read: its services of the pipeline, the organization's
// topics, and who reads them.
func (v *visit) credentialEvents() error {
	view, err := v.credentialAt("Events")
	if err != nil {
		return err
	}
	page := struct {
		*credentialView
		Services []string
		Topics   []eventTopicRow
		Off      bool
	}{credentialView: view, Off: v.Pipeline == nil || !v.Pipeline.On()}
	page.Services = pipelineServices(&view.Credential)
	if !page.Off && len(page.Services) > 0 {
		topics, err := v.Pipeline.Topics(v.r.Context(), v.caller)
		if err != nil {
			return err
		}
		for _, t := range topics {
			row := eventTopicRow{Topic: t, Path: v.leads("/pipeline/topics/" + t.Name)}
			if row.Groups, err = v.Pipeline.Consumers(v.r.Context(), v.caller, t.Name); err != nil {
				return err
			}
			page.Topics = append(page.Topics, row)
		}
	}
	return v.show(http.StatusOK, "credential_events", view.Name, &page)
}

// pipelineServices are the services of a credential that give rights at the broker, by code.
func pipelineServices(c *project.Credential) []string {
	var all []string
	for _, s := range c.Services {
		if s.Service == project.Triggers || s.Service == project.LatchkeyAPI {
			all = append(all, s.Service)
		}
	}
	return all
}
