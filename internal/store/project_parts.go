package store

import (
	"context"
	"database/sql"
	"fmt"

	"latchkey/internal/project"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

// This file keeps what belongs to a credential: subscriptions, secrets, bindings, uses.

func secretRow(organization, uuid string) seal.Row {
	return seal.Row{Organization: organization, Table: "client_secrets", ID: uuid, Column: "value"}
}

// sealValues seals the values of secrets that have one: the new ones.
func (p Projects) sealValues(ctx context.Context, c project.Credential) (map[string][]byte, error) {
	sealed := map[string][]byte{}
	for _, s := range c.Secrets {
		if s.Value.Empty() {
			continue
		}
		value, err := p.s.keyring.Seal(ctx, secretRow(c.Organization, s.UUID), []byte(s.Value.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("sealing a client secret: %w", err)
		}
		sealed[s.UUID] = value
	}
	return sealed, nil
}

// insertParts adds what a credential has: of secrets those with a sealed value, of bindings those that are not there.
func insertParts(t *tx, c project.Credential, values map[string][]byte) error {
	for _, s := range c.Services {
		attachments := s.Profiles
		if len(attachments) == 0 {
			attachments = []project.Attachment{{}}
		}
		for _, a := range attachments {
			_, err := t.exec(`INSERT INTO subscriptions (credential, organization, service, profile, role) VALUES ($1, $2, $3, $4, $5)`,
				c.ID, c.Organization, s.Service, a.Profile, a.Role)
			if err != nil {
				return err
			}
		}
	}
	for _, s := range c.Secrets {
		if values[s.UUID] == nil {
			continue
		}
		_, err := t.exec(`INSERT INTO client_secrets (uuid, credential, hash, value, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`,
			s.UUID, c.ID, s.Hash[:], values[s.UUID], s.CreatedBy, micros(s.CreatedAt))
		if err != nil {
			return err
		}
	}
	for _, b := range c.Bindings {
		_, err := t.exec(`INSERT INTO bindings (id, organization, credential, sha1, sha256, certificate, not_before, not_after, require_jti, created_by, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
			b.ID, c.Organization, c.ID, b.SHA1, b.SHA256, b.Certificate, b.NotBefore.UnixMicro(), b.NotAfter.UnixMicro(), flag(b.RequireJTI), b.CreatedBy, micros(b.CreatedAt))
		if err != nil {
			return err
		}
	}
	return nil
}

// removeParts removes what the stored credential has and c has not. Subscriptions go all: they are written anew.
func removeParts(t *tx, c project.Credential) error {
	if _, err := t.exec(`DELETE FROM subscriptions WHERE credential = $1`, c.ID); err != nil {
		return err
	}
	kept := make([]string, 0, len(c.Secrets)+len(c.Bindings))
	for _, s := range c.Secrets {
		kept = append(kept, s.UUID)
	}
	for _, b := range c.Bindings {
		kept = append(kept, b.ID)
	}
	for _, remove := range []string{
		`DELETE FROM client_secrets WHERE credential = $1 AND uuid NOT IN (`,
		`DELETE FROM bindings WHERE credential = $1 AND id NOT IN (`,
		`DELETE FROM credential_uses WHERE credential = $1 AND thing NOT IN (`,
	} {
		if err := removeOthers(t, remove, c.ID, kept); err != nil {
			return err
		}
	}
	return nil
}

func removeOthers(t *tx, remove, credential string, kept []string) error {
	args := []any{credential}
	list := `''`
	for _, id := range kept {
		args = append(args, id)
		list += fmt.Sprintf(", $%d", len(args))
	}
	_, err := t.exec(remove+list+`)`, args...)
	return err
}

// readParts reads what belongs to a credential.
func (p Projects) readParts(ctx context.Context, c *project.Credential) error {
	for _, read := range []func(context.Context, *project.Credential) error{p.readSubscriptions, p.readSecrets, p.readBindings, p.readUses} {
		if err := read(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (p Projects) readSubscriptions(ctx context.Context, c *project.Credential) error {
	return p.s.rows(ctx, func(row scanner) error {
		var service string
		var a project.Attachment
		if err := row.Scan(&service, &a.Profile, &a.Role, &a.Name); err != nil {
			return err
		}
		if n := len(c.Services); n == 0 || c.Services[n-1].Service != service {
			c.Services = append(c.Services, project.Subscription{Service: service})
		}
		if last := &c.Services[len(c.Services)-1]; a.Profile != "" {
			last.Profiles = append(last.Profiles, a)
		}
		return nil
	}, `SELECT s.service, s.profile, s.role, COALESCE(p.name, '') FROM subscriptions s LEFT JOIN product_profiles p ON p.id = s.profile AND s.profile <> ''
		WHERE s.credential = $1 ORDER BY s.service, s.profile`, c.ID)
}

func (p Projects) readSecrets(ctx context.Context, c *project.Credential) error {
	if !c.Kind.Confidential() {
		return nil
	}
	return p.s.rows(ctx, func(row scanner) error {
		s, _, err := scanSecret(row)
		c.Secrets = append(c.Secrets, s)
		return err
	}, selectSecrets, c.ID)
}

const selectSecrets = `SELECT uuid, hash, value, created_by, created_at FROM client_secrets WHERE credential = $1 ORDER BY created_at, uuid`

func scanSecret(row scanner) (project.Secret, []byte, error) {
	var s project.Secret
	var hash, value []byte
	var created sql.NullInt64
	err := row.Scan(&s.UUID, &hash, &value, &s.CreatedBy, &created)
	copy(s.Hash[:], hash)
	s.CreatedAt = instant(created)
	return s, value, err
}

func (p Projects) readBindings(ctx context.Context, c *project.Credential) error {
	if !c.Kind.Confidential() {
		return nil
	}
	return p.s.rows(ctx, func(row scanner) error {
		var b project.Binding
		var jti int
		var before, after, created sql.NullInt64
		err := row.Scan(&b.ID, &b.SHA1, &b.SHA256, &b.Certificate, &before, &after, &jti, &b.CreatedBy, &created)
		b.NotBefore, b.NotAfter, b.RequireJTI, b.CreatedAt = instant(before), instant(after), jti != 0, instant(created)
		c.Bindings = append(c.Bindings, b)
		return err
	}, `SELECT id, sha1, sha256, certificate, not_before, not_after, require_jti, created_by, created_at FROM bindings
		WHERE credential = $1 ORDER BY created_at, id`, c.ID)
}

func (p Projects) readUses(ctx context.Context, c *project.Credential) error {
	uses := map[string][]project.Usage{}
	err := p.s.rows(ctx, func(row scanner) error {
		var thing string
		var u project.Usage
		var at sql.NullInt64
		err := row.Scan(&thing, &u.Grant, &u.From, &at)
		u.At = instant(at)
		uses[thing] = append(uses[thing], u)
		return err
	}, `SELECT thing, grant_type, place, at FROM credential_uses WHERE credential = $1 ORDER BY at DESC, thing, grant_type, place`, c.ID)
	for i := range c.Secrets {
		c.Secrets[i].Uses = uses[c.Secrets[i].UUID]
	}
	for i := range c.Bindings {
		c.Bindings[i].Uses = uses[c.Bindings[i].ID]
	}
	return err
}

// ReadSecrets gives a credential's secrets with their values, and records that they were handed out.
func (p Projects) ReadSecrets(ctx context.Context, organization, id string, note project.Note) ([]project.Secret, error) {
	c, err := p.Credential(ctx, organization, id)
	if err != nil {
		return nil, err
	}
	values := map[string]secret.String{}
	err = p.s.rows(ctx, func(row scanner) error {
		s, sealed, err := scanSecret(row)
		if err != nil {
			return err
		}
		value, err := p.s.keyring.Open(ctx, secretRow(organization, s.UUID), sealed)
		values[s.UUID] = secret.New(string(value))
		clear(value)
		return err
	}, selectSecrets, c.ID)
	if err == nil {
		err = p.s.write(ctx, func(t *tx) error {
			t.record(note.Entry)
			t.emit(note.Events...)
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("reading the secrets of the credential %s: %w", id, err)
	}
	for i := range c.Secrets {
		c.Secrets[i].Value = values[c.Secrets[i].UUID]
	}
	return c.Secrets, nil
}

// KeepUses moves times of last use forward.
func (p Projects) KeepUses(ctx context.Context, uses []project.ThingUse) error {
	err := p.s.write(ctx, func(t *tx) error {
		for _, u := range uses {
			n, err := t.exec(`INSERT INTO credential_uses (credential, thing, grant_type, place, at)
				SELECT c.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT) FROM credentials c WHERE c.id = $1
				AND (EXISTS (SELECT 1 FROM client_secrets s WHERE s.credential = c.id AND s.uuid = $2)
					OR EXISTS (SELECT 1 FROM bindings b WHERE b.credential = c.id AND b.id = $2))
				ON CONFLICT (credential, thing, grant_type, place) DO UPDATE SET at = CASE WHEN credential_uses.at < EXCLUDED.at THEN EXCLUDED.at ELSE credential_uses.at END`,
				u.Credential, u.Thing, u.Grant, u.From, u.At.UnixMicro())
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			_, err = t.exec(`DELETE FROM credential_uses WHERE credential = $1 AND thing = $2 AND at < (SELECT MIN(k.at) FROM
				(SELECT at FROM credential_uses WHERE credential = $1 AND thing = $2 ORDER BY at DESC LIMIT $3) k)`, u.Credential, u.Thing, project.MaxPlaces)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting the use of credentials: %w", err)
	}
	return nil
}
