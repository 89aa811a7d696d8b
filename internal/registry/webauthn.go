package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// What the verifier of go-webauthn is given, and what of its answer is kept.

// verifierAt makes the verifier for a host. Outputs of extensions that nobody asked for are left alone: some password managers add
// them to every answer.
func verifierAt(at RelyingParty) (*webauthn.WebAuthn, error) {
	made, err := webauthn.New(&webauthn.Config{
		RPID: at.Host, RPDisplayName: "Latchkey", RPOrigins: []string{at.Origin}, ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("checking passkeys for %s: %w", at.Host, err)
	}
	return made, nil
}

// session is what the verifier would have kept since the page was shown. Whether that is over [Passkeys.taken] tells, by our clock.
func (p *Passkeys) session(at RelyingParty, challenge string) webauthn.SessionData {
	return webauthn.SessionData{Challenge: challenge, RelyingPartyID: at.Host, UserVerification: protocol.VerificationRequired}
}

// holder is a person as the verifier sees one.
type holder struct {
	user User
	has  []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.user.ID) }
func (h holder) WebAuthnName() string                       { return h.user.Email }
func (h holder) WebAuthnDisplayName() string                { return h.user.Name() }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.has }

// passkeyRecord is what is kept of a passkey, as JSON.
type passkeyRecord struct {
	// PublicKey is in the form of COSE.
	PublicKey []byte `json:"public_key"`
	AAGUID    []byte `json:"aaguid,omitempty"`
	SignCount uint32 `json:"sign_count"`
	// Eligible tells that it can be in several devices, BackedUp that it is.
	Eligible bool     `json:"backup_eligible,omitempty"`
	BackedUp bool     `json:"backed_up,omitempty"`
	Ways     []string `json:"transports,omitempty"`
	// Doubted tells that its counter had not gone on when it was shown last.
	Doubted bool `json:"doubted,omitempty"`
}

func recordOf(c webauthn.Credential) passkeyRecord {
	r := passkeyRecord{PublicKey: c.PublicKey, AAGUID: c.Authenticator.AAGUID, SignCount: c.Authenticator.SignCount, Eligible: c.Flags.BackupEligible, BackedUp: c.Flags.BackupState}
	for _, way := range c.Transport {
		if len(r.Ways) < 8 && len(way) <= 32 {
			r.Ways = append(r.Ways, string(way))
		}
	}
	return r
}

func (r passkeyRecord) text() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic("registry: the record of a passkey can't be written: " + err.Error()) // it has no such members
	}
	return string(text)
}

func readRecord(text string) (passkeyRecord, error) {
	var r passkeyRecord
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("reading the record of a passkey: %w", err)
	}
	return r, nil
}

func (r passkeyRecord) credential(id []byte) webauthn.Credential {
	c := webauthn.Credential{ID: id, PublicKey: r.PublicKey, AttestationFormat: "none"}
	c.Authenticator.AAGUID, c.Authenticator.SignCount = r.AAGUID, r.SignCount
	c.Flags.UserPresent, c.Flags.UserVerified, c.Flags.BackupEligible, c.Flags.BackupState = true, true, r.Eligible, r.BackedUp
	for _, way := range r.Ways {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(way))
	}
	return c
}

// descriptors name those that a person has for a host.
func descriptors(has []Passkey, host string) []protocol.CredentialDescriptor {
	var out []protocol.CredentialDescriptor
	for _, one := range has {
		if record, err := readRecord(one.Record); err == nil && one.Host == host {
			known := record.credential(one.Credential)
			out = append(out, known.Descriptor())
		}
	}
	return out
}

// challengeBytes are what the device signs; the browser tells them in base64url again.
func challengeBytes(challenge string) protocol.URLEncodedBase64 {
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		panic("registry: a challenge of our own can't be read: " + err.Error())
	}
	return raw
}
