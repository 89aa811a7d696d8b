package api

import (
	"context"
	"time"

	"latchkey/internal/finding"
)

// IMSHealth is what Check Health has found.
type IMSHealth struct {
	Configuration string        `json:"configuration" doc:"The configuration's name." example:"acme-target"`
	Healthy       bool          `json:"healthy"`
	Layers        []HealthLayer `json:"layers" nullable:"false" doc:"certificate, token, profile, product; in this order."`
	Notes         []string      `json:"notes" nullable:"false" doc:"What is worth knowing of the configuration as a whole: since when the vendor does not serve its type."`
	Requires      []string      `json:"requires" nullable:"false" doc:"Which product versions can use it."`
	CheckedAt     time.Time     `json:"checked_at"`
}

// HealthLayer is what was found at one layer.
type HealthLayer struct {
	Layer       string         `json:"layer" enum:"certificate,token,profile,product"`
	Status      string         `json:"status" enum:"ok,failed,not_needed,unchecked,skipped"`
	Message     string         `json:"message" example:"Token is retrieved successfully"`
	Code        string         `json:"code,omitempty" doc:"The server's own error code." example:"invalid_token"`
	Description string         `json:"description,omitempty" doc:"The server's own words, cleaned and shortened."`
	HTTPStatus  int            `json:"http_status,omitempty" example:"400"`
	Advice      []HealthAdvice `json:"advice" nullable:"false" doc:"What to change, and where."`
	Warnings    []string       `json:"warnings" nullable:"false" doc:"What works, and will not for ever."`
}

// HealthAdvice is a change and its place.
type HealthAdvice struct {
	Do    string `json:"do"`
	Where string `json:"where"`
}

const imsHealthAnswer = `{"configuration": "acme-target", "healthy": false, "layers": [
  {"layer": "certificate", "status": "ok", "message": "key and certificate acme belong together; 364 days left", "advice": [], "warnings": []},
  {"layer": "token", "status": "failed", "message": "the signature fits no certificate that is bound to the credential", "code": "invalid_token",
   "description": "Could not match JWT signature to any of the bindings", "http_status": 400,
   "advice": [{"do": "bind the certificate of acme to the credential", "where": "Developer Console: the project, its Service Account (JWT) credential, Public keys"}], "warnings": []},
  {"layer": "profile", "status": "skipped", "message": "not looked at, because of what is before it", "advice": [], "warnings": []},
  {"layer": "product", "status": "skipped", "message": "not looked at, because of what is before it", "advice": [], "warnings": []}],
  "notes": [], "requires": ["AEM 6.5"], "checked_at": "2026-11-27T09:30:00Z"}`

func (s *server) checkIMS(ctx context.Context, c call, in *IMSRef) (*reply[IMSHealth], error) {
	found, err := s.IMS.Check(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[IMSHealth]{IMSHealth{
		Configuration: found.Configuration.Name, Healthy: found.Healthy, Layers: mapped(found.Layers, shownLayer), Notes: listed(found.Notes),
		Requires: listed(found.Requires), CheckedAt: *stamp(found.CheckedAt),
	}}, nil
}

func shownLayer(l finding.Layer) HealthLayer {
	return HealthLayer{
		Layer: l.Name, Status: string(l.Status), Message: l.Message, Code: l.Code, Description: l.Description, HTTPStatus: l.HTTP, Warnings: listed(l.Warnings),
		Advice: mapped(l.Advice, func(a finding.Advice) HealthAdvice { return HealthAdvice(a) }),
	}
}
