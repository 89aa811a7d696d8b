package project

import (
	"context"
	"fmt"
	"slices"
	"time"

	"latchkey/internal/access"
)

// This file has what a credential proves itself by: client secrets and certificates.

func (c *Credentials) newSecret(caller access.Caller, clientID string) Secret {
	value := newSecret()
	return Secret{
		UUID: newHex(16), Value: value, Hash: hashSecret(c.config.Hash, clientID, value), CreatedBy: by(caller), CreatedAt: c.config.now(),
	}
}

// Secrets gives a credential's secrets with their values. It is recorded who got them.
func (c *Credentials) Secrets(ctx context.Context, caller access.Caller, ref string) ([]Secret, error) {
	credential, err := c.own(ctx, caller, ref)
	if err != nil {
		return nil, err
	}
	detail := map[string]string{"credential": credential.Name, "client_id": credential.ClientID}
	secrets, err := c.config.Store.ReadSecrets(ctx, caller.Organization, credential.ID,
		note(caller, "credential.read_secrets", credential.ID, credential.Version, c.config.now(), detail))
	if err != nil {
		return nil, fmt.Errorf("reading the secrets of %q: %w", credential.Name, err)
	}
	return secrets, nil
}

// AddSecret adds a second secret; the first goes on. The value is in the answer.
func (c *Credentials) AddSecret(ctx context.Context, caller access.Caller, ref string) (Secret, error) {
	var made Secret
	_, err := c.change(ctx, caller, ref, "secret.create", func(credential *Credential) (map[string]string, error) {
		if !credential.Kind.Confidential() {
			return nil, &InvalidError{Message: fmt.Sprintf("a credential of the kind %s has no secret", credential.Kind), Fix: "make one of another kind"}
		}
		if err := credential.settled("its secrets can't be changed"); err != nil {
			return nil, err
		}
		if len(credential.Secrets) >= MaxSecrets {
			return nil, &QuotaError{"client secrets on a credential", MaxSecrets}
		}
		made = c.newSecret(caller, credential.ClientID)
		credential.Secrets = append(credential.Secrets, made)
		return map[string]string{"secret": made.UUID}, nil
	})
	return made, err
}

// DeleteSecret ends a secret at once. The last one stays: a credential without is disabled by [Credentials.Change].
func (c *Credentials) DeleteSecret(ctx context.Context, caller access.Caller, ref, uuid string) error {
	_, err := c.change(ctx, caller, ref, "secret.delete", func(credential *Credential) (map[string]string, error) {
		return map[string]string{"secret": uuid}, credential.dropSecret(uuid)
	})
	return err
}

func (c *Credential) dropSecret(uuid string) error {
	if err := c.settled("its secrets can't be changed"); err != nil {
		return err
	}
	i := slices.IndexFunc(c.Secrets, func(s Secret) bool { return s.UUID == uuid })
	switch {
	case i < 0:
		return fmt.Errorf("the client secret %.64q: %w", uuid, ErrNotFound)
	case len(c.Secrets) == 1:
		return &InUseError{What: "it is the only secret of its credential", Fix: "add another first, or disable the credential"}
	}
	c.Secrets = slices.Delete(slices.Clone(c.Secrets), i, i+1)
	return nil
}

// AddBinding adds a certificate; those that the credential has go on.
func (c *Credentials) AddBinding(ctx context.Context, caller access.Caller, ref string, certificate []byte, requireJTI bool) (Binding, error) {
	var made Binding
	_, err := c.change(ctx, caller, ref, "binding.create", func(credential *Credential) (_ map[string]string, err error) {
		switch {
		case !credential.Kind.Confidential():
			return nil, &InvalidError{Pointer: "/certificate", Message: fmt.Sprintf("a credential of the kind %s has no certificate", credential.Kind), Fix: "make one of another kind"}
		case len(credential.Bindings) >= c.config.Quotas.Bindings:
			return nil, &QuotaError{"certificates on a credential", c.config.Quotas.Bindings}
		}
		if made, err = newBinding(caller, certificate, requireJTI, c.config.now()); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(credential.Bindings, func(b Binding) bool { return b.SHA256 == made.SHA256 }) {
			return nil, &InvalidError{Pointer: "/certificate", Message: "the credential has this certificate already", Fix: "upload another, or do nothing"}
		}
		credential.Bindings = append(credential.Bindings, made)
		return map[string]string{"binding": made.ID, "sha1": made.SHA1, "sha256": made.SHA256, "not_after": made.NotAfter.Format(time.RFC3339)}, nil
	})
	return made, err
}

// DeleteBinding ends a certificate at once, also the last one: its key may be in the wrong hands.
func (c *Credentials) DeleteBinding(ctx context.Context, caller access.Caller, ref, id string) error {
	_, err := c.change(ctx, caller, ref, "binding.delete", func(credential *Credential) (map[string]string, error) {
		return credential.dropBinding(id)
	})
	return err
}

// dropBinding takes a certificate away, by the binding's id or a fingerprint.
func (c *Credential) dropBinding(id string) (map[string]string, error) {
	i := slices.IndexFunc(c.Bindings, func(b Binding) bool { return b.ID == id || b.SHA1 == id || b.SHA256 == id })
	if i < 0 {
		return nil, fmt.Errorf("the certificate %.64q: %w", id, ErrNotFound)
	}
	gone := c.Bindings[i]
	c.Bindings = slices.Delete(slices.Clone(c.Bindings), i, i+1)
	return map[string]string{"binding": gone.ID, "sha1": gone.SHA1, "sha256": gone.SHA256}, nil
}

// Retire ends a secret (by its UUID) or a certificate (by its id or a fingerprint) that a newer one has taken the place of:
// it fails with an [*InUseError], which names the places that still use the old one, unless a newer one was used after
// the old one was used last. With [Credentials.AddSecret] or AddBinding before it, it is the renewal without downtime.
func (c *Credentials) Retire(ctx context.Context, caller access.Caller, ref, id string) error {
	if err := c.config.flush(ctx); err != nil {
		return err
	}
	credential, err := c.own(ctx, caller, ref)
	if err != nil {
		return err
	}
	action := "binding.delete"
	if slices.ContainsFunc(credential.Secrets, func(s Secret) bool { return s.UUID == id }) {
		action = "secret.delete"
	}
	_, err = c.change(ctx, caller, ref, action, func(credential *Credential) (map[string]string, error) {
		old, newer, ok := credential.succession(id)
		if !ok {
			return nil, fmt.Errorf("the secret or certificate %.64q: %w", id, ErrNotFound)
		}
		if err := superseded(old, newer); err != nil {
			return nil, err
		}
		if action == "secret.delete" {
			return map[string]string{"secret": id, "retired": "true"}, credential.dropSecret(id)
		}
		return credential.dropBinding(id)
	})
	return err
}

// succession gives the uses of a secret or certificate, and those of all that are newer; nil uses mean that none is.
func (c *Credential) succession(id string) (old []Usage, newer [][]Usage, ok bool) {
	for i, s := range c.Secrets {
		if s.UUID == id {
			for _, next := range c.Secrets[i+1:] {
				newer = append(newer, next.Uses)
			}
			return s.Uses, newer, true
		}
	}
	for i, b := range c.Bindings {
		if b.ID == id || b.SHA1 == id || b.SHA256 == id {
			for _, next := range c.Bindings[i+1:] {
				newer = append(newer, next.Uses)
			}
			return b.Uses, newer, true
		}
	}
	return nil, nil, false
}

func superseded(old []Usage, newer [][]Usage) error {
	if len(newer) == 0 {
		return &InUseError{What: "there is no newer one", Fix: "add one first, and use it"}
	}
	var next []Usage
	for _, uses := range newer {
		next = append(next, uses...)
	}
	lastOld, lastNew := latest(old), latest(next)
	switch {
	case lastNew.At.IsZero():
		return &InUseError{What: "no newer one was used yet", Fix: "take a token with the new one first"}
	case !lastNew.At.After(lastOld.At):
		return &InUseError{
			What: fmt.Sprintf("the old one was used last: %s; the new one before, %s", since(old, lastNew.At), lastNew.words()),
			Fix:  "change these places over, and try again once the new one was used later",
		}
	}
	return nil
}

func (c Config) flush(ctx context.Context) error {
	if c.Clients == nil {
		return nil
	}
	return c.Clients.Flush(ctx)
}

// latest gives the last of uses.
func latest(uses []Usage) (last Usage) {
	for _, u := range uses {
		if u.At.After(last.At) {
			last = u
		}
	}
	return last
}

// words says a use for people.
func (u Usage) words() string {
	from := u.From
	if from == "" {
		from = "an unknown place"
	}
	return fmt.Sprintf("at %s UTC from %s", u.At.UTC().Format(time.DateTime), from)
}

// since names the places of the uses from a time on.
func since(uses []Usage, at time.Time) (words string) {
	for _, u := range uses {
		if u.At.Before(at) {
			continue
		}
		if words != "" {
			words += ", "
		}
		words += u.words()
	}
	return words
}

// settled refuses what can't be done while the credential migrates.
func (c *Credential) settled(what string) error {
	if c.Migration.State != MigrationStarted {
		return nil
	}
	return &MigratingError{Credential: c.Name, Message: "the credential migrates from JWT to OAuth: " + what, Fix: "finish or cancel the migration first"}
}
