package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/project"
)

// NewCertificate binds a certificate to a credential.
type NewCertificate struct {
	Certificate     string `json:"certificate,omitempty" doc:"PEM, or DER in base64."`
	GenerateKeyPair bool   `json:"generate_key_pair,omitempty" doc:"In the place of a certificate: make a key pair here, good for 365 days."`
	RequireJTI      bool   `json:"require_jti,omitempty" doc:"Assertions need a jti, each a new one."`
}

// CreatedCertificate is a certificate with what is shown once.
type CreatedCertificate struct {
	CertificateBinding
	ConfigZip string `json:"config_zip,omitempty" doc:"With generate_key_pair: private.key and certificate_pub.crt in a ZIP archive, in base64. The private key is in this answer and nowhere else." example:"UEsDBBQ…"`
}

type (
	newCertificate struct {
		Ref string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		body[NewCertificate]
	}
	proofRef struct {
		Ref    string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		ID     string `path:"id" doc:"The secret's uuid; the certificate's id or fingerprint." example:"11ede8ab42f138f3abe335d886a407fb"`
		Retire bool   `query:"retire" doc:"Only when a newer one was used after this one was used last; else the answer is 409, and names the places that still use this one."`
	}
	proofList struct {
		Ref string `path:"ref" doc:"The credential's id, client id or name." example:"moviestar-target"`
		Paging
	}
)

const (
	secretValueAnswer = `{"uuid": "11ede8ab42f138f3abe335d886a407fb", "client_secret": "p8e-…", "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z"}`
	bindingAnswer     = `{"id": "9f0c6d5b4a3928170f1e2d3c4b5a6978", "sha1": "d71ab3fb6bba0c2f5de0ff2b1f0f4fb7e0d7b39a",
  "sha256": "2b1f0f4fb7e0d7b39a2b1f0f4fb7e0d7b39a2b1f0f4fb7e0d7b39a2b1f0f4fb7", "pem": "-----BEGIN CERTIFICATE-----\n…", "not_before": "2026-11-21T09:30:00Z", "not_after": "2027-11-21T09:30:00Z",
  "require_jti": false, "created_by": "key_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "created_at": "2026-11-21T09:30:00Z", "last_used_at": null, "uses": []}`
)

func (s *server) proofRoutes(h huma.API) {
	const secrets = credentialsPath + "/{ref}/secrets"
	const certificates = credentialsPath + "/{ref}/certificates"
	const tag = "Credentials"
	missing := []*Kind{kindNotFound}
	adds := []*Kind{kindNotFound, kindQuota, kindState}
	ends := []*Kind{kindNotFound, kindInUse, kindState}
	add(s, h, operation{id: "create-client-secret", method: http.MethodPost, path: secrets, tag: tag, status: http.StatusCreated,
		summary: "Add a client secret", description: "A second one; the first goes on. The value is in the answer.", scope: access.RegistryWrite,
		answers: secretValueAnswer, fails: adds, idempotent: true}, s.createSecret)
	add(s, h, operation{id: "list-client-secrets", method: http.MethodGet, path: secrets, tag: tag,
		summary: "List client secrets", description: "Without their values; the oldest first.", scope: access.RegistryRead, fails: missing}, s.listSecrets)
	add(s, h, operation{id: "reveal-client-secrets", method: http.MethodPost, path: secrets + "/reveal", tag: tag,
		summary: "Read the values of client secrets", description: "For those who may change the credential. It is recorded who got them.", scope: access.RegistryWrite, fails: missing}, s.revealSecrets)
	add(s, h, operation{id: "delete-client-secret", method: http.MethodDelete, path: secrets + "/{id}", tag: tag, status: http.StatusNoContent,
		summary: "End a client secret", description: "At once. The last one stays: disable the credential instead.", scope: access.RegistryWrite, fails: ends}, s.deleteSecret)
	add(s, h, operation{id: "create-certificate", method: http.MethodPost, path: certificates, tag: tag, status: http.StatusCreated,
		summary: "Bind a certificate", description: "One more; those that the credential has go on.", scope: access.RegistryWrite,
		asks: `{"certificate": "-----BEGIN CERTIFICATE-----\nMIIC…\n-----END CERTIFICATE-----\n"}`, answers: bindingAnswer, fails: adds}, s.createCertificate)
	add(s, h, operation{id: "list-certificates", method: http.MethodGet, path: certificates, tag: tag,
		summary: "List a credential's certificates", description: "The oldest first.", scope: access.RegistryRead, fails: missing}, s.listCertificates)
	add(s, h, operation{id: "delete-certificate", method: http.MethodDelete, path: certificates + "/{id}", tag: tag, status: http.StatusNoContent,
		summary: "End a certificate", description: "At once, also the last one: its key may be in the wrong hands.", scope: access.RegistryWrite, fails: ends}, s.deleteCertificate)
}

func (s *server) createSecret(ctx context.Context, c call, in *credentialRef) (*created[ClientSecretValue], error) {
	made, err := s.Credentials.AddSecret(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	return &created[ClientSecretValue]{
		Location: credentialsPath + "/" + url.PathEscape(in.Ref) + "/secrets/" + made.UUID, Body: shownSecretValue(made),
	}, nil
}

func (s *server) listSecrets(ctx context.Context, c call, in *proofList) (*reply[Page[ClientSecret]], error) {
	found, err := s.Credentials.Find(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	return whole(mapped(found.Secrets, shownSecret), in.Paging)
}

func (s *server) revealSecrets(ctx context.Context, c call, in *credentialRef) (*reply[Page[ClientSecretValue]], error) {
	found, err := s.Credentials.Secrets(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	return whole(mapped(found, shownSecretValue), Paging{Limit: project.MaxSecrets})
}

func (s *server) deleteSecret(ctx context.Context, c call, in *proofRef) (*done, error) {
	if in.Retire {
		return nil, s.Credentials.Retire(ctx, c.caller, in.Ref, in.ID)
	}
	return nil, s.Credentials.DeleteSecret(ctx, c.caller, in.Ref, in.ID)
}

func (s *server) createCertificate(ctx context.Context, c call, in *newCertificate) (*created[CreatedCertificate], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	certificate, archive := []byte(ask.Certificate), ""
	if ask.GenerateKeyPair {
		found, err := s.Credentials.Find(ctx, c.caller, in.Ref)
		if err != nil {
			return nil, err
		}
		want := project.NewCredential{Name: found.Name, Kind: found.Kind, Certificate: certificate}
		if certificate, archive, err = s.keyPair(ctx, c, want); err != nil {
			return nil, err
		}
	}
	made, err := s.Credentials.AddBinding(ctx, c.caller, in.Ref, certificate, ask.RequireJTI)
	if err != nil {
		return nil, err
	}
	return &created[CreatedCertificate]{
		Location: credentialsPath + "/" + url.PathEscape(in.Ref) + "/certificates/" + made.ID, Body: CreatedCertificate{shownBinding(made), archive},
	}, nil
}

func (s *server) listCertificates(ctx context.Context, c call, in *proofList) (*reply[Page[CertificateBinding]], error) {
	found, err := s.Credentials.Find(ctx, c.caller, in.Ref)
	if err != nil {
		return nil, err
	}
	return whole(mapped(found.Bindings, shownBinding), in.Paging)
}

func (s *server) deleteCertificate(ctx context.Context, c call, in *proofRef) (*done, error) {
	if in.Retire {
		return nil, s.Credentials.Retire(ctx, c.caller, in.Ref, in.ID)
	}
	return nil, s.Credentials.DeleteBinding(ctx, c.caller, in.Ref, in.ID)
}

// whole answers with a list that is short enough for one part: a credential has ten certificates at most.
func whole[T any](items []T, p Paging) (*reply[Page[T]], error) {
	if p.Cursor != "" {
		return nil, badCursor()
	}
	return &reply[Page[T]]{Page[T]{Items: items, Limit: max(p.Limit, len(items))}}, nil
}
