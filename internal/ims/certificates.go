package ims

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/connection"
	"latchkey/internal/expiry"
	"latchkey/internal/finding"
	"latchkey/internal/ident"
	"latchkey/internal/keypair"
	"latchkey/internal/secret"
)

// expiring is how many days before a certificate's end there is a warning.
const expiring = 30

// NewCertificate asks for a key pair.
type NewCertificate struct {
	Sandbox, Alias string
	// Days is how long the certificate is valid, 365 when 0.
	Days int
	// Private, when not empty, is imported in the place of a new pair, with Certificate, which may be missing.
	Private, Passphrase secret.String
	Certificate         string
}

// CreateCertificate makes a pair (RSA, 2048 bits) under a new alias, or keeps one that exists.
func (c *Configurations) CreateCertificate(ctx context.Context, caller access.Caller, ask NewCertificate) (Key, error) {
	place, err := c.place(caller, ask.Sandbox, access.ConnectionsWrite)
	if err != nil {
		return Key{}, err
	}
	var problems finding.Problems
	if !ident.IsName(ask.Alias) {
		problems.Wrong("/alias", "this can't be an alias", "use small letters, digits, dots, hyphens and underscores, 63 at most, and begin with a letter or a digit")
		return Key{}, problems
	}
	key, err := c.newKey(caller, place, &ask)
	if err != nil {
		return Key{}, err
	}
	key.Version, key.Current = 1, true
	err = c.config.Store.AddKey(ctx, key, key.entry(caller, "ims_certificate.create", key.CreatedAt))
	if errors.Is(err, ErrConflict) {
		err = fmt.Errorf("making the certificate %q: %w", ask.Alias, ErrNameTaken)
	}
	return key, err
}

// newKey makes the pair that is asked for, or reads the one that is given.
func (c *Configurations) newKey(caller access.Caller, place Place, ask *NewCertificate) (Key, error) {
	now := c.now()
	key := Key{
		ID: ident.New("imskey"), Organization: place.Organization, Sandbox: place.Sandbox, Alias: ask.Alias, CreatedBy: caller.ID, CreatedAt: now,
	}
	if !ask.Private.Empty() {
		return key, importPair(ask, &key, now)
	}
	pair, err := keypair.Generate(keypair.Order{Days: ask.Days, Subject: pkix.Name{CommonName: ask.Alias}, Now: now})
	if err != nil {
		return Key{}, asProblem("/days", err)
	}
	defer pair.Wipe()
	key.Certificate, key.Private = pair.Certificate, secret.New(string(pair.PrivateKey()))
	return key, nil
}

// importPair reads a pair as it was pasted, and holds that its halves belong together.
func importPair(ask *NewCertificate, key *Key, now time.Time) error {
	private, err := keypair.ParseEncrypted(ask.Private, ask.Passphrase)
	if err == nil {
		err = private.CheckAlgorithm("RS256")
	}
	if err != nil {
		return asProblem("/private_key", err)
	}
	if key.Private, err = private.PEM(); err != nil {
		return asProblem("/private_key", err)
	}
	if ask.Certificate == "" {
		return nil
	}
	key.Certificate, err = keypair.ParseCertificate([]byte(ask.Certificate))
	if err == nil {
		err = key.Certificate.Check(now)
	}
	if err != nil {
		return asProblem("/certificate", err)
	}
	return asProblem("/private_key", key.Certificate.CheckKey(private))
}

// asProblem names the place of what is wrong with a key or a certificate.
func asProblem(pointer string, err error) error {
	if failure, ok := errors.AsType[*keypair.Error](err); ok {
		return finding.Problems{{Severity: finding.Wrong, Pointer: pointer, Message: failure.Reason, Fix: failure.Fix}}
	}
	if errors.Is(err, keypair.ErrEncrypted) {
		return finding.Problems{{Severity: finding.Wrong, Pointer: pointer, Message: "the private key is encrypted", Fix: "give its passphrase too"}}
	}
	return err
}

// Certificates gives the versions of an alias, of every alias when it is "", without their private parts.
func (c *Configurations) Certificates(ctx context.Context, caller access.Caller, sandbox, alias string) ([]Key, error) {
	place, err := c.place(caller, sandbox, access.ConnectionsRead)
	if err != nil {
		return nil, err
	}
	keys, err := c.config.Store.Keys(ctx, place, alias)
	if err == nil && alias != "" && len(keys) == 0 {
		err = ErrNotFound
	}
	for i := range keys {
		keys[i].Private = secret.String{}
	}
	return keys, err
}

// current gives the version of an alias that signs.
func (c *Configurations) current(ctx context.Context, place Place, alias string) (Key, error) {
	keys, err := c.config.Store.Keys(ctx, place, alias)
	if err != nil {
		return Key{}, err
	}
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Current })
	if i < 0 {
		return Key{}, ErrNotFound
	}
	return keys[i], nil
}

// checkAlias holds that the alias is there, and warns of the end of its certificate.
func (c *Configurations) checkAlias(ctx context.Context, to *Configuration, problems *finding.Problems) error {
	key, err := c.current(ctx, to.place(), to.Alias)
	if errors.Is(err, ErrNotFound) {
		problems.Wrong("/key_alias", "there is no certificate of that alias", "make one: latchkey ims certificate create "+to.Alias)
		return nil
	}
	if err != nil || key.Certificate == nil {
		return err
	}
	switch left := key.Certificate.DaysLeft(c.now()); {
	case left < 0:
		problems.Add(finding.Doubtful, "/key_alias", "the certificate has expired on "+key.Certificate.NotAfter.Format(time.DateOnly), renewing(to.Alias))
	case left <= expiring:
		problems.Add(finding.Doubtful, "/key_alias", "the certificate ends in "+strconv.Itoa(left)+" days, on "+key.Certificate.NotAfter.Format(time.DateOnly), renewing(to.Alias))
	}
	return nil
}

func renewing(alias string) string {
	return "make the next one, and bind it in the console beside the old one: latchkey ims certificate rotate " + alias
}

// Rotate puts a new pair beside an alias's current one, which goes on signing until [Configurations.Switch].
func (c *Configurations) Rotate(ctx context.Context, caller access.Caller, ask NewCertificate) (Key, error) {
	place, err := c.place(caller, ask.Sandbox, access.ConnectionsWrite)
	if err != nil {
		return Key{}, err
	}
	keys, err := c.config.Store.Keys(ctx, place, ask.Alias)
	if err != nil {
		return Key{}, err
	}
	if len(keys) == 0 {
		return Key{}, ErrNotFound
	}
	if last := keys[len(keys)-1]; !last.Current {
		return Key{}, fmt.Errorf("version %d waits beside the current one: switch to it, or remove it: %w", last.Version, ErrState)
	}
	key, err := c.newKey(caller, place, &ask)
	if err != nil {
		return Key{}, err
	}
	key.Version = keys[len(keys)-1].Version + 1
	return key, c.config.Store.AddKey(ctx, key, key.entry(caller, "ims_certificate.rotate", key.CreatedAt))
}

// Switch lets an alias's newest version sign, or the version that is given. Each configuration that has had a token asks for
// one with it first; when one is refused, nothing changes: a [*connection.ProviderError].
func (c *Configurations) Switch(ctx context.Context, caller access.Caller, sandbox, alias string, version int) (Key, error) {
	place, err := c.place(caller, sandbox, access.ConnectionsWrite)
	if err != nil {
		return Key{}, err
	}
	keys, err := c.config.Store.Keys(ctx, place, alias)
	if err != nil || len(keys) == 0 {
		return Key{}, errors.Join(err, ErrNotFound)
	}
	to := keys[len(keys)-1]
	if version != 0 {
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Version == version })
		if i < 0 {
			return Key{}, ErrNotFound
		}
		to = keys[i]
	}
	if err := c.tryKey(ctx, caller, place, &to); err != nil {
		return Key{}, err
	}
	to.Current = true
	return to, c.config.Store.SwitchKey(ctx, place, alias, to.Version, to.entry(caller, "ims_certificate.switch", c.now()))
}

// tryKey gives a key to the connections that sign with its alias.
func (c *Configurations) tryKey(ctx context.Context, caller access.Caller, place Place, to *Key) error {
	all, err := c.config.Store.List(ctx, place)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Alias != to.Alias || one.Type != JWT || one.Connection == "" {
			continue
		}
		_, err := c.config.Connections.Patch(ctx, acting(caller), connection.Ref{Sandbox: one.Sandbox, Name: one.Connection},
			connection.Patch{Fields: map[string]any{"privateKey": to.Private.Reveal()}})
		if err != nil && !errors.Is(err, connection.ErrNotFound) {
			return fmt.Errorf("asking for a token for %s with version %d of the key: %w", one.Name, to.Version, err)
		}
	}
	return nil
}

// RemoveCertificate removes a version that does not sign, or with 0 an alias that no configuration names.
func (c *Configurations) RemoveCertificate(ctx context.Context, caller access.Caller, sandbox, alias string, version int) error {
	place, err := c.place(caller, sandbox, access.ConnectionsWrite)
	if err != nil {
		return err
	}
	keys, err := c.config.Store.Keys(ctx, place, alias)
	if err != nil || len(keys) == 0 {
		return errors.Join(err, ErrNotFound)
	}
	gone := keys[0]
	if version != 0 {
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Version == version })
		switch {
		case i < 0:
			return ErrNotFound
		case keys[i].Current && len(keys) > 1:
			return fmt.Errorf("version %d signs: switch to another first: %w", version, ErrInUse)
		}
		gone = keys[i]
		if len(keys) == 1 {
			version = 0
		}
	}
	return c.config.Store.RemoveKey(ctx, place, alias, version, gone.entry(caller, "ims_certificate.delete", c.now()))
}

// entry says for the record what was done; of the key its fingerprint alone.
func (k *Key) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	detail := map[string]string{"alias": k.Alias, "version": strconv.Itoa(k.Version)}
	if k.Certificate != nil {
		detail["sha1"], detail["sha256"] = k.Certificate.SHA1, k.Certificate.SHA256
	}
	return audit.Entry{At: at, Organization: k.Organization, Actor: caller.ID, Action: action, Subject: k.ID, Detail: detail}
}

// Endings is the source of what ends here: the certificates of the keys that sign.
type Endings struct{ Store KeyStore }

// Endings gives them, from an index.
func (e Endings) Endings(ctx context.Context, q expiry.Query) ([]expiry.Ending, error) {
	if q.Kind != "" && q.Kind != expiry.Certificate {
		return nil, nil
	}
	found, err := e.Store.KeyEndings(ctx, q)
	if err != nil {
		return nil, err
	}
	var all []expiry.Ending
	for _, k := range found {
		all = append(all, expiry.Ending{
			Kind: expiry.Certificate, Organization: k.Organization, Sandbox: k.Sandbox, Subject: k.ID, Name: k.Alias,
			Ends: k.Certificate.NotAfter, Since: k.Certificate.NotBefore,
			Action: "put the next one beside it, and switch when the console has both: latchkey ims certificate rotate " + k.Alias,
			Link:   "/api/v1/ims-certificates/" + k.Alias,
		})
	}
	return q.Pick(all), nil
}
