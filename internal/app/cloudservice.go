package app

import (
	"latchkey/internal/clock"
	"latchkey/internal/cloudservice"
	"latchkey/internal/workflow"
)

// openCloudServices puts the cloud services on the IMS configurations.
func (h *house) openCloudServices() (err error) {
	h.cloudServices, err = cloudservice.New(cloudservice.Config{
		Store: h.store.CloudServices(), Tokens: workflow.CloudTokens{IMS: h.ims}, Sender: h.egress, Clock: clock.System(), Log: h.log,
	})
	return err
}
