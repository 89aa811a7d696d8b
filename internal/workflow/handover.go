package workflow

import (
	"context"
	"errors"
	"fmt"

	"latchkey/internal/access"
	"latchkey/internal/clock"
	"latchkey/internal/keypair"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// HandOver finds the developer console's credentials for the daemons of Campaign instances.
type HandOver struct {
	Credentials *project.Credentials
	Clock       clock.Clock
}

var _ fleet.Credentials = HandOver{}

// HandOver gives a credential with its newest client secret. A private key is held against the certificates that are bound.
func (h HandOver) HandOver(ctx context.Context, caller access.Caller, offer fleet.Offer) (fleet.Handed, error) {
	found, err := h.Credentials.Find(ctx, caller, offer.Credential)
	if errors.Is(err, project.ErrNotFound) {
		return fleet.Handed{}, &fleet.InvalidError{Pointer: "/credential", Message: "there is no such credential", Fix: "name it by its name, id or client id"}
	}
	if err != nil {
		return fleet.Handed{}, err
	}
	out := fleet.Handed{
		Credential: found.ID, Name: found.Name, Mode: fleet.OAuth, Organization: found.Organization, Client: found.ClientID, Account: found.TechnicalAccount.ID,
	}
	if err := h.proof(&out, found, offer.PrivateKey); err != nil {
		return fleet.Handed{}, err
	}
	secrets, err := h.Credentials.Secrets(ctx, caller, offer.Credential)
	if err != nil {
		return fleet.Handed{}, err
	}
	if len(secrets) == 0 {
		return fleet.Handed{}, &fleet.InvalidError{Pointer: "/credential", Message: "the credential has no client secret", Fix: "add one to it"}
	}
	out.Secret = secrets[len(secrets)-1].Value
	return out, nil
}

// proof says how the credential gets tokens, and puts the key in that this takes.
func (h HandOver) proof(out *fleet.Handed, of project.Credential, key secret.String) error {
	both := of.Migration.State == project.MigrationStarted
	switch {
	case of.Kind != project.ServiceAccountJWT && of.Kind != project.OAuthServerToServer:
		return &fleet.InvalidError{Pointer: "/credential", Message: fmt.Sprintf("a credential of the kind %s is for people's browsers", of.Kind), Fix: "name one of a service account or of OAuth server-to-server"}
	case !of.Enabled:
		return &fleet.InvalidError{Pointer: "/credential", Message: "the credential is disabled", Fix: "enable it first"}
	case of.Kind == project.OAuthServerToServer && !key.Empty():
		return &fleet.InvalidError{Pointer: "/private_key", Message: "a credential of OAuth server-to-server has no private key", Fix: "leave it out"}
	case of.Kind == project.OAuthServerToServer, both && key.Empty():
		return nil
	case key.Empty():
		return &fleet.InvalidError{Pointer: "/private_key", Message: "the credential proves itself by a private key, which is not kept here", Fix: "give the key of one of its certificates"}
	}
	parsed, err := keypair.Parse(key)
	if err == nil {
		err = parsed.CheckAlgorithm("RS256")
	}
	if err == nil {
		var held *keypair.Certificate
		if held, err = parsed.Hold(certificates(of), h.Clock.Now()); err == nil {
			out.Mode, out.Certificate = fleet.JWT, held.SHA1
			out.PrivateKey, err = parsed.PEM()
		}
	}
	if failure, ok := errors.AsType[*keypair.Error](err); ok {
		return &fleet.InvalidError{Pointer: "/private_key", Message: failure.Reason, Fix: failure.Fix}
	}
	return err
}

// certificates gives those that a credential is bound to, the newest first.
func certificates(of project.Credential) []*keypair.Certificate {
	var all []*keypair.Certificate
	for i := len(of.Bindings) - 1; i >= 0; i-- {
		if c, err := keypair.ParseCertificate(of.Bindings[i].Certificate); err == nil {
			all = append(all, c)
		}
	}
	return all
}
