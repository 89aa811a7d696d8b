package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/registry"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

var (
	_ registry.FactorStore  = Registry{}
	_ registry.PasskeyStore = Registry{}
)

func authenticatorRow(organization, person string) seal.Row {
	return seal.Row{Organization: organization, Table: "authenticators", ID: person, Column: "secret"}
}

// Authenticator gives a person's.
func (r Registry) Authenticator(ctx context.Context, person string) (registry.Authenticator, error) {
	a := registry.Authenticator{Person: person}
	var sealed []byte
	var confirmed, created sql.NullInt64
	err := r.s.row(ctx, `SELECT organization, secret, confirmed_at, step, created_at FROM authenticators WHERE person = $1`, person).
		Scan(&a.Organization, &sealed, &confirmed, &a.Step, &created)
	if err != nil {
		return a, fmt.Errorf("reading an authenticator: %w", orNone(err, registry.ErrNotFound))
	}
	a.ConfirmedAt, a.CreatedAt = instant(confirmed), instant(created)
	plain, err := r.s.keyring.Open(ctx, authenticatorRow(a.Organization, person), sealed)
	a.Secret = secret.New(string(plain))
	return a, err
}

// AddAuthenticator adds one that awaits its first code.
func (r Registry) AddAuthenticator(ctx context.Context, a registry.Authenticator, entry audit.Entry) error {
	sealed, err := r.s.keyring.Seal(ctx, authenticatorRow(a.Organization, a.Person), []byte(a.Secret.Reveal()))
	if err != nil {
		return err
	}
	err = r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`INSERT INTO authenticators (person, organization, secret, step, created_at) VALUES ($1, $2, $3, 0, $4)
			ON CONFLICT (person) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at WHERE authenticators.confirmed_at IS NULL`,
			a.Person, a.Organization, sealed, micros(a.CreatedAt))
		switch {
		case dangling(err):
			return registry.ErrNotFound
		case err == nil && n == 0:
			return registry.ErrConflict
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing an authenticator: %w", err)
	}
	return nil
}

// TakeCode notes that a code was taken.
func (r Registry) TakeCode(ctx context.Context, person string, step int64, at time.Time, recovery [][]byte, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if at.IsZero() {
			return oneRow(t.exec(`UPDATE authenticators SET step = $2 WHERE person = $1 AND step < $2 AND confirmed_at IS NOT NULL`, person, step))
		}
		if err := oneRow(t.exec(`UPDATE authenticators SET step = $2, confirmed_at = $3 WHERE person = $1 AND step < $2 AND confirmed_at IS NULL`, person, step, micros(at))); err != nil {
			return err
		}
		t.record(entry)
		return t.putRecovery(entry.Organization, person, recovery)
	})
	if err != nil {
		return fmt.Errorf("taking a code: %w", err)
	}
	return nil
}

// oneRow turns a change of no row into a conflict.
func oneRow(n int64, err error) error {
	if err == nil && n == 0 {
		return registry.ErrConflict
	}
	return err
}

// Recovery counts recovery codes.
func (r Registry) Recovery(ctx context.Context, person string) (int, error) {
	var n int
	if err := r.s.row(ctx, `SELECT COUNT(*) FROM recovery_codes WHERE person = $1`, person).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting recovery codes: %w", err)
	}
	return n, nil
}

func (t *tx) putRecovery(organization, person string, hashes [][]byte) error {
	if _, err := t.exec(`DELETE FROM recovery_codes WHERE person = $1`, person); err != nil {
		return err
	}
	for _, hash := range hashes {
		if _, err := t.exec(`INSERT INTO recovery_codes (person, hash, organization) VALUES ($1, $2, $3)`, person, hash, organization); err != nil {
			return err
		}
	}
	return nil
}

// PutRecovery replaces recovery codes.
func (r Registry) PutRecovery(ctx context.Context, organization, person string, hashes [][]byte, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		t.record(entry)
		err := t.putRecovery(organization, person, hashes)
		if dangling(err) {
			return registry.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("storing recovery codes: %w", err)
	}
	return nil
}

// TakeRecovery takes a recovery code away.
func (r Registry) TakeRecovery(ctx context.Context, person string, hash []byte, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM recovery_codes WHERE person = $1 AND hash = $2`, person, hash)
		if err == nil && n == 0 {
			return registry.ErrNotFound
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("taking a recovery code: %w", err)
	}
	return nil
}

// RemoveFactors takes away what a person shows beside the password.
func (r Registry) RemoveFactors(ctx context.Context, organization, person string, all bool, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM authenticators WHERE organization = $1 AND person = $2`, organization, person); err != nil {
			return err
		}
		if all {
			for _, table := range []string{"passkeys", "identities"} {
				if _, err := t.exec(`DELETE FROM `+table+` WHERE organization = $1 AND person = $2`, organization, person); err != nil {
					return err
				}
			}
		}
		_, err := t.exec(`DELETE FROM recovery_codes WHERE organization = $1 AND person = $2 AND NOT EXISTS (SELECT 1 FROM passkeys p WHERE p.person = $2)`, organization, person)
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("removing second factors: %w", err)
	}
	return nil
}

// SignInRules gives an organization's.
func (r Registry) SignInRules(ctx context.Context, organization string) (registry.SignInRules, error) {
	var rules registry.SignInRules
	err := r.s.row(ctx, `SELECT second_factor FROM sign_in_rules WHERE organization = $1`, organization).Scan(&rules.SecondFactor)
	if err = orNone(err, registry.ErrNotFound); err != nil && !errors.Is(err, registry.ErrNotFound) {
		return rules, fmt.Errorf("reading the rules of the sign-in: %w", err)
	}
	return rules, nil
}

// PutSignInRules replaces them.
func (r Registry) PutSignInRules(ctx context.Context, organization string, rules registry.SignInRules, entry audit.Entry) error {
	err := r.s.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO sign_in_rules (organization, second_factor) VALUES ($1, $2)
			ON CONFLICT (organization) DO UPDATE SET second_factor = excluded.second_factor`, organization, flag(rules.SecondFactor))
		if dangling(err) {
			return registry.ErrNotFound
		}
		t.record(entry)
		return err
	})
	if err != nil {
		return fmt.Errorf("storing the rules of the sign-in: %w", err)
	}
	return nil
}
