package ims

import (
	"slices"
	"strings"

	"latchkey/internal/finding"
	"latchkey/internal/suggest"
)

// Solution is the cloud solution that a configuration is for, by its short name: "target". "" is none in particular.
type Solution string

// The solutions that AEM offers.
const (
	Target             Solution = "target"
	Analytics          Solution = "analytics"
	Launch             Solution = "launch"
	Campaign           Solution = "campaign"
	Stock              Solution = "stock"
	BrandPortal        Solution = "brand-portal"
	ExperiencePlatform Solution = "experience-platform"
	Console            Solution = "io-management"
)

// About is what is known of a solution.
type About struct {
	Solution Solution
	// Title is what AEM's menu has.
	Title string
	// Metascope is the usual one of an assertion.
	Metascope string
	// Product is the code of its product contexts in an IMS profile; "" where that is not known.
	Product string
	// Service is the code that the Developer Console gives its API; "" where that is not known.
	Service string
}

// Solutions lists what is known (spec/aem-target-analytics.md §1.1).
func Solutions() []About {
	return []About{
		{Target, "Adobe Target", "ent_marketing_sdk", "dma_tartan", "AdobeTargetSDK"},
		{Analytics, "Adobe Analytics", "ent_analytics_bulk_ingest_sdk", "dma_analytics", "AdobeAnalyticsSDK"},
		{Launch, "Adobe Launch", "ent_reactor_sdk", "", ""},
		{Campaign, "Adobe Campaign", "ent_campaign_sdk", "", ""},
		{Stock, "Adobe Stock", "ent_stocksearch_sdk", "", ""},
		{BrandPortal, "Adobe Brand Portal", "ent_brand_portal_sdk", "", ""},
		{ExperiencePlatform, "Adobe Experience Platform", "ent_dataservices_sdk", "", "AdobeExperiencePlatformSDK"},
		{Console, "Adobe I/O Management", "ent_adobeio_sdk", "", "AdobeIOManagementAPISDK"},
	}
}

// About gives what is known; not ok for none in particular.
func (s Solution) About() (About, bool) {
	all := Solutions()
	i := slices.IndexFunc(all, func(a About) bool { return a.Solution == s })
	if i < 0 {
		return About{}, false
	}
	return all[i], true
}

// Title gives what people call it.
func (s Solution) Title() string {
	about, ok := s.About()
	if !ok {
		return "no solution in particular"
	}
	return about.Title
}

// readSolution takes a short name or a title, whatever the case.
func readSolution(text string, problems *finding.Problems) Solution {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	var names []string
	for _, about := range Solutions() {
		if strings.EqualFold(text, string(about.Solution)) || strings.EqualFold(text, about.Title) {
			return about.Solution
		}
		names = append(names, string(about.Solution))
	}
	fix := "use one of " + strings.Join(names, ", ") + ", or leave it out"
	if near, ok := suggest.Closest(strings.ToLower(text), names); ok {
		fix = "did you mean " + near + "? Else " + fix
	}
	problems.Wrong("/solution", "there is no such cloud solution", fix)
	return ""
}
