package web

import (
	"cmp"

	"latchkey/internal/finding"
	"latchkey/internal/ims"
)

// layerNames say each layer of a check in words.
var layerNames = map[string]string{
	ims.LayerKey: "Key and certificate", ims.LayerToken: "Token", ims.LayerProfile: "Profile", ims.LayerProduct: "Product",
	layerPasted: "Pasted key", layerBound: "Certificate", layerPayload: "Payload", layerExchange: "Exchange",
	layerRequest: "Request", layerReach: "Provider", layerAnswer: "Answer", layerNew: "Token",
}

func layerName(name string) string { return cmp.Or(layerNames[name], name) }

func layerTone(s finding.Status) string {
	return map[finding.Status]string{finding.OK: "good", finding.Failed: "bad"}[s]
}

func layerWord(s finding.Status) string {
	words := map[finding.Status]string{
		finding.OK: "good", finding.Failed: "failed", finding.NotNeeded: "not needed", finding.Unchecked: "not checked", finding.Skipped: "skipped",
	}
	return cmp.Or(words[s], string(s))
}
