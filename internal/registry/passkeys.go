package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
)

// The errors of passkeys that a person can do something about.
var (
	// ErrPasskeyStale is given for an answer to a page that was open for too long, or in another browser.
	ErrPasskeyStale = errors.New("the page of the passkey was open for too long")
	// ErrPasskeyUsed is given for an answer that was given before.
	ErrPasskeyUsed = errors.New("the answer of the passkey was used before")
	// ErrPasskeyUnknown is given for one that nobody has here, any more.
	ErrPasskeyUnknown = errors.New("the passkey is not known")
	// ErrPasskeyWrong is given for an answer that does not prove anything.
	ErrPasskeyWrong = errors.New("the passkey's answer is wrong")
	// ErrPasskeyDoubted is given for one whose counter has not gone on: there may be a copy of it.
	ErrPasskeyDoubted = errors.New("the passkey may have been copied")
)

// maxPasskeys bounds how many a person has.
const maxPasskeys = 20

// RelyingParty is the host name for which a browser keeps passkeys, and the address of the page that asks for one.
type RelyingParty struct{ Host, Origin string }

// PasskeysConfig is what [Passkeys] work with.
type PasskeysConfig struct {
	Store PasskeyStore
	Users *Users
	// Hash is the installation's keyed hash: seal.Keyring.Hash.
	Hash  func(purpose string, data []byte) [32]byte
	Clock clock.Clock
	// Log is none when nil.
	Log *slog.Logger
}

// Passkeys make and check passkeys (WebAuthn Level 3). The device MUST have asked for a finger, a face or a PIN, so one of them
// is two proofs at once. What kind of device it is nobody asks: its word for that is not believed.
type Passkeys struct{ config PasskeysConfig }

// NewPasskeys makes the use cases.
func NewPasskeys(config PasskeysConfig) *Passkeys {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return &Passkeys{config}
}

func (p *Passkeys) now() time.Time { return p.config.Clock.Now().UTC().Truncate(time.Microsecond) }

// Creation gives what a page hands to navigator.credentials.create, as JSON with bytes in base64url. The label
// tells accounts of one address apart where the device lists them; the binding is the browser's session.
func (p *Passkeys) Creation(ctx context.Context, at RelyingParty, user User, label, binding string) (string, error) {
	has, err := p.config.Store.Passkeys(ctx, PasskeyKey{Person: user.ID})
	if err != nil {
		return "", err
	}
	return optionsText(protocol.PublicKeyCredentialCreationOptions{
		Challenge:    challengeBytes(p.challenge(ceremony{"make", at.Host, binding})),
		RelyingParty: protocol.RelyingPartyEntity{CredentialEntity: protocol.CredentialEntity{Name: "Latchkey"}, ID: at.Host},
		User: protocol.UserEntity{
			CredentialEntity: protocol.CredentialEntity{Name: user.Email + " (" + label + ")"}, DisplayName: user.Name(), ID: protocol.URLEncodedBase64(user.ID),
		},
		Parameters:            webauthn.CredentialParametersRecommendedL3(),
		CredentialExcludeList: descriptors(has, at.Host),
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		},
		Attestation: protocol.PreferNoAttestation, Timeout: int(dialogLife / time.Millisecond),
	})
}

// dialogLife is how long the browser waits for the device.
const dialogLife = 2 * time.Minute

// Request gives what a page hands to navigator.credentials.get. Without a person the device offers those that it has for the host.
func (p *Passkeys) Request(ctx context.Context, at RelyingParty, person, binding string) (string, error) {
	var allowed []protocol.CredentialDescriptor
	if person != "" {
		has, err := p.config.Store.Passkeys(ctx, PasskeyKey{Person: person})
		if err != nil {
			return "", err
		}
		if allowed = descriptors(has, at.Host); len(allowed) == 0 {
			return "", ErrPasskeyUnknown
		}
	}
	return optionsText(protocol.PublicKeyCredentialRequestOptions{
		Challenge: challengeBytes(p.challenge(ceremony{"show", at.Host, binding})), RelyingPartyID: at.Host, AllowedCredentials: allowed,
		UserVerification: protocol.VerificationRequired, Timeout: int(dialogLife / time.Millisecond),
	})
}

// Add keeps the passkey that a device has made.
func (p *Passkeys) Add(ctx context.Context, at RelyingParty, user User, binding, name, answer string) (Passkey, error) {
	name, err := checkText("/name", name, "Passkey")
	if err != nil {
		return Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return Passkey{}, p.wrong(ctx, err)
	}
	challenge := parsed.Response.CollectedClientData.Challenge
	spent, ok := p.taken(ceremony{"make", at.Host, binding}, challenge)
	if !ok {
		return Passkey{}, ErrPasskeyStale
	}
	has, err := p.config.Store.Passkeys(ctx, PasskeyKey{Person: user.ID})
	if err != nil {
		return Passkey{}, err
	}
	if len(has) >= maxPasskeys {
		return Passkey{}, &InvalidError{Message: fmt.Sprintf("you have %d passkeys, which is the most", maxPasskeys), Fix: "remove one that you do not use"}
	}
	verifier, err := verifierAt(at)
	if err != nil {
		return Passkey{}, err
	}
	session := p.session(at, challenge)
	session.UserID, session.CredParams = []byte(user.ID), webauthn.CredentialParametersRecommendedL3()
	made, err := verifier.CreateCredential(holder{user: user}, session, parsed)
	if err != nil {
		return Passkey{}, p.wrong(ctx, err)
	}
	kept := Passkey{
		ID: ident.New("pk"), Person: user.ID, Organization: user.Organization, Host: at.Host, Credential: made.ID, Name: name,
		Record: recordOf(*made).text(), CreatedAt: p.now(),
	}
	if err := p.config.Store.AddPasskey(ctx, kept, spent, p.entry(user, kept, "passkey.add")); err != nil {
		return Passkey{}, fmt.Errorf("adding a passkey of %s: %w", user.ID, err)
	}
	return kept, nil
}

// Check takes what a device answered, and gives whose passkey it is. Where a person is named it has to be one of his or hers. The
// answer counts as both proofs. One whose counter has not gone on is refused, and the record says so.
func (p *Passkeys) Check(ctx context.Context, at RelyingParty, person, binding, answer string) (User, Second, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return User{}, Second{}, p.wrong(ctx, err)
	}
	challenge := parsed.Response.CollectedClientData.Challenge
	spent, ok := p.taken(ceremony{"show", at.Host, binding}, challenge)
	if !ok {
		return User{}, Second{}, ErrPasskeyStale
	}
	user, kept, err := p.find(ctx, at.Host, person, parsed.RawID)
	if err != nil {
		return User{}, Second{}, err
	}
	was, err := readRecord(kept.Record)
	if err != nil {
		return User{}, Second{}, err
	}
	verifier, err := verifierAt(at)
	if err != nil {
		return User{}, Second{}, err
	}
	session := p.session(at, challenge)
	session.UserID = []byte(user.ID)
	shown, err := verifier.ValidateLogin(holder{user, []webauthn.Credential{was.credential(kept.Credential)}}, session, parsed)
	if err != nil {
		return User{}, Second{}, p.wrong(ctx, err)
	}
	if err := p.use(ctx, user, kept, was.Doubted, *shown, spent); err != nil {
		return User{}, Second{}, err
	}
	return user, Second{user.ID, ByPasskey}, nil
}

// use keeps what a passkey told of itself. The doubt stays with one that was in doubt before, for its person to see.
func (p *Passkeys) use(ctx context.Context, user User, kept Passkey, doubted bool, shown webauthn.Credential, spent Spent) error {
	before, now, cloned := kept.Record, recordOf(shown), shown.Authenticator.CloneWarning
	now.Doubted = doubted || cloned
	kept.Record = now.text()
	action := "passkey.clone_warning"
	if !cloned {
		action, kept.UsedAt = "passkey.use", p.now()
	}
	entry := p.entry(user, kept, action)
	entry.Detail["sign_count"] = strconv.FormatUint(uint64(now.SignCount), 10)
	err := p.config.Store.UsePasskey(ctx, kept, before, spent, entry)
	switch {
	case errors.Is(err, ErrConflict): // the same passkey at this moment elsewhere
		return ErrPasskeyUsed
	case err != nil:
		return fmt.Errorf("noting that a passkey of %s was shown: %w", user.ID, err)
	case cloned:
		p.config.Log.WarnContext(ctx, "a passkey may have been copied: its counter has not gone on", slog.String("user", user.ID), slog.String("passkey", kept.ID))
		return ErrPasskeyDoubted
	}
	return nil
}

// find gives the passkey of a credential, and its person, who is active.
func (p *Passkeys) find(ctx context.Context, host, person string, credential []byte) (User, Passkey, error) {
	found, err := p.config.Store.Passkeys(ctx, PasskeyKey{Host: host, Credential: credential})
	if err != nil {
		return User{}, Passkey{}, err
	}
	if len(found) != 1 || person != "" && found[0].Person != person {
		return User{}, Passkey{}, ErrPasskeyUnknown
	}
	user, err := p.config.Users.Active(ctx, found[0].Person)
	if errors.Is(err, ErrNotFound) {
		err = ErrPasskeyUnknown
	}
	return user, found[0], err
}

// Rename renames one of the person's.
func (p *Passkeys) Rename(ctx context.Context, user User, id, name string) error {
	name, err := checkText("/name", name, "")
	if err != nil {
		return err
	}
	return p.config.Store.RenamePasskey(ctx, user.ID, id, name, p.entry(user, Passkey{ID: id, Name: name}, "passkey.rename"))
}

// Remove removes one of the person's, and the recovery codes where nothing is left that they would stand in for.
func (p *Passkeys) Remove(ctx context.Context, user User, id string) error {
	return p.config.Store.RemovePasskey(ctx, user.ID, id, p.entry(user, Passkey{ID: id}, "passkey.delete"))
}

// wrong notes why an answer proves nothing, which the person can't mend.
func (p *Passkeys) wrong(ctx context.Context, err error) error {
	p.config.Log.InfoContext(ctx, "the answer of a passkey was refused", slog.Any("error", err))
	return ErrPasskeyWrong
}

// entry is what the audit record says of a passkey.
func (p *Passkeys) entry(user User, of Passkey, action string) audit.Entry {
	detail := map[string]string{"email": user.Email, "passkey": of.ID}
	if of.Name != "" {
		detail["name"] = of.Name
	}
	if of.Host != "" {
		detail["host"] = of.Host
	}
	return audit.Entry{At: p.now(), Organization: user.Organization, Actor: user.ID, Action: action, Subject: user.ID, Detail: detail}
}

// optionsText gives options as a page has them.
func optionsText(options any) (string, error) {
	text, err := json.Marshal(options)
	return string(bytes.TrimSpace(text)), err
}
