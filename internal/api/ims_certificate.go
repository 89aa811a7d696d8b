package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/ims"
	"latchkey/internal/secret"
)

// IMSCertificate is one version of a key pair that IMS configurations sign with. The private part is never shown.
type IMSCertificate struct {
	ID        string     `json:"id" example:"imskey_01KB3E7XJ0V9M2Q4T8R6Z1C5DN"`
	Alias     string     `json:"alias" example:"acme"`
	Version   int        `json:"version" example:"1"`
	Current   bool       `json:"current" doc:"Whether it is the one that signs."`
	Subject   string     `json:"subject" example:"CN=acme"`
	SHA1      string     `json:"sha1" doc:"As the Developer Console writes it; empty for a key that was imported without its certificate." example:"d71ab3fb6bba0c2f5de0ff2b1f0f4fb7e0d7b39a"`
	SHA256    string     `json:"sha256"`
	NotBefore *time.Time `json:"not_before"`
	NotAfter  *time.Time `json:"not_after"`
	DaysLeft  *int       `json:"days_left" doc:"Negative when it has ended." example:"364"`
	PEM       string     `json:"pem" doc:"The public part: what is uploaded to the console."`
	Sandbox   string     `json:"sandbox" example:"prod"`
	CreatedBy string     `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
}

// IMSCertificateOrder asks for a pair: a new one, or one that exists.
type IMSCertificateOrder struct {
	Days        int    `json:"days,omitempty" minimum:"1" doc:"How long a new one is valid; 365 without it." example:"365"`
	PrivateKey  string `json:"private_key,omitempty" doc:"Imports this key in the place of making one, PEM however it is pasted."`
	Passphrase  string `json:"passphrase,omitempty"`
	Certificate string `json:"certificate,omitempty" doc:"The public part of the imported key."`
}

// NewIMSCertificate asks for the first pair of an alias.
type NewIMSCertificate struct {
	Alias string `json:"alias" example:"acme"`
	IMSCertificateOrder
}

// IMSCertificateSwitch says which version is to sign.
type IMSCertificateSwitch struct {
	Version int `json:"version,omitempty" doc:"The newest without it." example:"2"`
}

type (
	newIMSCertificate struct{ body[NewIMSCertificate] }
	imsAlias          struct {
		Alias string `path:"alias" doc:"The alias." example:"acme"`
	}
	rotateIMSCertificate struct {
		Alias string `path:"alias" doc:"The alias." example:"acme"`
		optionalBody[IMSCertificateOrder]
	}
	switchIMSCertificate struct {
		Alias string `path:"alias" doc:"The alias." example:"acme"`
		optionalBody[IMSCertificateSwitch]
	}
	imsVersion struct {
		Alias   string `path:"alias" doc:"The alias." example:"acme"`
		Version int    `path:"version" minimum:"1" doc:"The version." example:"1"`
	}
	// IMSVersions are an alias's versions.
	IMSVersions struct {
		Alias    string           `json:"alias"`
		Versions []IMSCertificate `json:"versions" nullable:"false" doc:"From the first on."`
	}
)

const (
	imsCertificatesPath  = apiPrefix + "/ims-certificates"
	imsCertificateAnswer = `{"id": "imskey_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "alias": "acme", "version": 1, "current": true, "subject": "CN=acme",
  "sha1": "d71ab3fb6bba0c2f5de0ff2b1f0f4fb7e0d7b39a", "sha256": "9f…", "not_before": "2026-11-27T09:30:00Z", "not_after": "2027-11-27T09:30:00Z", "days_left": 365,
  "pem": "-----BEGIN CERTIFICATE-----\n…", "sandbox": "prod", "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-27T09:30:00Z"}`
)

func (s *server) imsCertificateRoutes(h huma.API, tag string) {
	const one = imsCertificatesPath + "/{alias}"
	add(s, h, operation{id: "create-ims-certificate", method: http.MethodPost, path: imsCertificatesPath, tag: tag, status: http.StatusCreated,
		summary: "Make a certificate", description: "A private key (RSA, 2048 bits), which stays here, and its certificate, to be uploaded to the console; or a pair that exists.",
		scope: access.ConnectionsWrite, asks: `{"alias": "acme"}`, answers: imsCertificateAnswer, fails: []*Kind{kindNameTaken}, idempotent: true}, s.createIMSCertificate)
	add(s, h, operation{id: "list-ims-certificates", method: http.MethodGet, path: imsCertificatesPath, tag: tag,
		summary: "List certificates", description: "Every version, by alias.", scope: access.ConnectionsRead}, s.listIMSCertificates)
	add(s, h, operation{id: "get-ims-certificate", method: http.MethodGet, path: one, tag: tag,
		summary: "Read a certificate", description: "The versions of an alias, with their public parts.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound}}, s.getIMSCertificate)
	add(s, h, operation{id: "rotate-ims-certificate", method: http.MethodPost, path: one + "/rotate", tag: tag, status: http.StatusCreated,
		summary: "Put the next certificate beside", description: "The present one goes on signing until the switch. Upload the new one to the console meanwhile.",
		scope: access.ConnectionsWrite, answers: imsCertificateAnswer, fails: []*Kind{kindNotFound, kindState}}, s.rotateIMSCertificate)
	add(s, h, operation{id: "switch-ims-certificate", method: http.MethodPost, path: one + "/switch", tag: tag,
		summary: "Let the next certificate sign", description: "Each configuration that has had a token is asked for one with it first; when one is refused, the old one goes on signing.",
		scope: access.ConnectionsWrite, answers: imsCertificateAnswer, fails: []*Kind{kindNotFound, kindRefused, kindDown}}, s.switchIMSCertificate)
	add(s, h, operation{id: "delete-ims-certificate-version", method: http.MethodDelete, path: one + "/versions/{version}", tag: tag, status: http.StatusNoContent,
		summary: "Remove a version", description: "One that does not sign.", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.deleteIMSVersion)
	add(s, h, operation{id: "delete-ims-certificate", method: http.MethodDelete, path: one, tag: tag, status: http.StatusNoContent,
		summary: "Remove a certificate", description: "With every version. No configuration may name it.", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound, kindInUse}}, s.deleteIMSCertificate)
}

func (o IMSCertificateOrder) order(c call, alias string) ims.NewCertificate {
	return ims.NewCertificate{
		Sandbox: c.sandbox, Alias: alias, Days: o.Days, Private: secret.New(o.PrivateKey), Passphrase: secret.New(o.Passphrase), Certificate: o.Certificate,
	}
}

func (s *server) createIMSCertificate(ctx context.Context, c call, in *newIMSCertificate) (*created[IMSCertificate], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	key, err := s.IMS.CreateCertificate(ctx, c.caller, ask.order(c, ask.Alias))
	if err != nil {
		return nil, err
	}
	return &created[IMSCertificate]{Location: imsCertificatesPath + "/" + url.PathEscape(key.Alias), Body: s.shownKey(key)}, nil
}

func (s *server) listIMSCertificates(ctx context.Context, c call, in *Paging) (*reply[Page[IMSCertificate]], error) {
	all, err := s.IMS.Certificates(ctx, c.caller, c.sandbox, "")
	if err != nil {
		return nil, err
	}
	const widest = 10 // digits of a version, so that versions sort as numbers
	out, err := page(mapped(all, s.shownKey), *in, func(k IMSCertificate) string {
		digits := strconv.Itoa(k.Version)
		return k.Alias + "\x00" + "0000000000"[:widest-len(digits)] + digits
	})
	return &reply[Page[IMSCertificate]]{out}, err
}

func (s *server) getIMSCertificate(ctx context.Context, c call, in *imsAlias) (*reply[IMSVersions], error) {
	all, err := s.IMS.Certificates(ctx, c.caller, c.sandbox, in.Alias)
	if err != nil {
		return nil, err
	}
	return &reply[IMSVersions]{IMSVersions{in.Alias, mapped(all, s.shownKey)}}, nil
}

func (s *server) rotateIMSCertificate(ctx context.Context, c call, in *rotateIMSCertificate) (*reply[IMSCertificate], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return s.answerKey(s.IMS.Rotate(ctx, c.caller, ask.order(c, in.Alias)))
}

func (s *server) switchIMSCertificate(ctx context.Context, c call, in *switchIMSCertificate) (*reply[IMSCertificate], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	return s.answerKey(s.IMS.Switch(ctx, c.caller, c.sandbox, in.Alias, ask.Version))
}

func (s *server) deleteIMSVersion(ctx context.Context, c call, in *imsVersion) (*done, error) {
	return nil, s.IMS.RemoveCertificate(ctx, c.caller, c.sandbox, in.Alias, in.Version)
}

func (s *server) deleteIMSCertificate(ctx context.Context, c call, in *imsAlias) (*done, error) {
	return nil, s.IMS.RemoveCertificate(ctx, c.caller, c.sandbox, in.Alias, 0)
}

func (s *server) answerKey(k ims.Key, err error) (*reply[IMSCertificate], error) {
	if err != nil {
		return nil, err
	}
	return &reply[IMSCertificate]{s.shownKey(k)}, nil
}

func (s *server) shownKey(k ims.Key) IMSCertificate {
	out := IMSCertificate{
		ID: k.ID, Alias: k.Alias, Version: k.Version, Current: k.Current, Sandbox: k.Sandbox, CreatedBy: k.CreatedBy, CreatedAt: *stamp(k.CreatedAt),
	}
	if c := k.Certificate; c != nil {
		left := c.DaysLeft(s.Clock.Now())
		out.Subject, out.SHA1, out.SHA256, out.DaysLeft, out.PEM = c.Subject, c.SHA1, c.SHA256, &left, string(c.PEM())
		out.NotBefore, out.NotAfter = stamp(c.NotBefore), stamp(c.NotAfter)
	}
	return out
}
