package store

import (
	"context"
	"database/sql"
	"fmt"

	"latchkey/internal/audit"
	"latchkey/internal/expiry"
	"latchkey/internal/ims"
	"latchkey/internal/keypair"
	"latchkey/internal/seal"
	"latchkey/internal/secret"
)

func imsKeyRow(k *ims.Key) seal.Row {
	return seal.Row{Organization: k.Organization, Table: "ims_keys", ID: k.ID, Column: "private_key"}
}

// AddKey keeps a version of an alias.
func (i IMS) AddKey(ctx context.Context, k ims.Key, entry audit.Entry) error {
	sealed, err := i.s.sealSecrets(ctx, imsKeyRow(&k), map[string]secret.String{"private_key": k.Private})
	if err != nil {
		return err
	}
	var der []byte
	var ends any
	if k.Certificate != nil {
		der, ends = k.Certificate.DER, micros(k.Certificate.NotAfter)
	}
	err = i.s.write(ctx, func(t *tx) error {
		t.record(entry)
		n, err := t.exec(`INSERT INTO ims_keys (id, organization, sandbox, alias, version, current, certificate, not_after, private_key, created_by, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (organization, sandbox, alias, version) DO NOTHING`,
			k.ID, k.Organization, k.Sandbox, k.Alias, k.Version, flag(k.Current), der, ends, sealed, k.CreatedBy, micros(k.CreatedAt))
		if err == nil && n == 0 {
			return ims.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("storing version %d of the key %q: %w", k.Version, k.Alias, err)
	}
	return nil
}

const imsKeyColumns = `SELECT k.id, k.organization, k.sandbox, k.alias, k.version, k.current, k.certificate, k.private_key, k.created_by, k.created_at FROM ims_keys k `

// scanIMSKey reads a key, and its private part as it is sealed.
func scanIMSKey(row scanner) (ims.Key, []byte, error) {
	var k ims.Key
	var current int
	var der, sealed []byte
	var created sql.NullInt64
	if err := row.Scan(&k.ID, &k.Organization, &k.Sandbox, &k.Alias, &k.Version, &current, &der, &sealed, &k.CreatedBy, &created); err != nil {
		return ims.Key{}, nil, err
	}
	k.Current, k.CreatedAt = current != 0, instant(created)
	if der == nil {
		return k, sealed, nil
	}
	var err error
	if k.Certificate, err = keypair.ParseCertificate(der); err != nil {
		return ims.Key{}, nil, fmt.Errorf("reading the certificate of %s: %w", k.ID, err)
	}
	return k, sealed, nil
}

// Keys gives the versions of an alias, or of all.
func (i IMS) Keys(ctx context.Context, place ims.Place, alias string) ([]ims.Key, error) {
	var all []ims.Key
	var sealed [][]byte
	err := i.s.rows(ctx, func(row scanner) error {
		k, private, err := scanIMSKey(row)
		all, sealed = append(all, k), append(sealed, private)
		return err
	}, imsKeyColumns+`WHERE k.organization = $1 AND k.sandbox = $2 AND ($3 = '' OR k.alias = $3) ORDER BY k.alias, k.version`, place.Organization, place.Sandbox, alias)
	if err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	for n := range all {
		secrets, err := i.s.openSecrets(ctx, imsKeyRow(&all[n]), sealed[n])
		if err != nil {
			return nil, fmt.Errorf("reading keys: %w", err)
		}
		all[n].Private = secrets["private_key"]
	}
	return all, nil
}

// SwitchKey makes a version the current one.
func (i IMS) SwitchKey(ctx context.Context, place ims.Place, alias string, version int, entry audit.Entry) error {
	err := i.s.write(ctx, func(t *tx) error {
		t.record(entry)
		if _, err := t.exec(`UPDATE ims_keys SET current = 0 WHERE organization = $1 AND sandbox = $2 AND alias = $3`, place.Organization, place.Sandbox, alias); err != nil {
			return err
		}
		n, err := t.exec(`UPDATE ims_keys SET current = 1 WHERE organization = $1 AND sandbox = $2 AND alias = $3 AND version = $4`,
			place.Organization, place.Sandbox, alias, version)
		if err == nil && n == 0 {
			return ims.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("switching the key %q: %w", alias, err)
	}
	return nil
}

// RemoveKey removes a version, or with 0 an alias.
func (i IMS) RemoveKey(ctx context.Context, place ims.Place, alias string, version int, entry audit.Entry) error {
	err := i.s.write(ctx, func(t *tx) error {
		t.record(entry)
		var named int
		if version == 0 {
			err := t.row(`SELECT COUNT(*) FROM ims_configurations WHERE organization = $1 AND sandbox = $2 AND key_alias = $3`,
				place.Organization, place.Sandbox, alias).Scan(&named)
			if err != nil {
				return err
			}
		}
		if named > 0 {
			return ims.ErrInUse
		}
		n, err := t.exec(`DELETE FROM ims_keys WHERE organization = $1 AND sandbox = $2 AND alias = $3 AND (CAST($4 AS BIGINT) = 0 OR version = CAST($4 AS BIGINT) AND current = 0)`,
			place.Organization, place.Sandbox, alias, version)
		if err == nil && n == 0 {
			return ims.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("removing the key %q: %w", alias, err)
	}
	return nil
}

// KeyEndings gives the current keys that end as asked.
func (i IMS) KeyEndings(ctx context.Context, q expiry.Query) ([]ims.Key, error) {
	var all []ims.Key
	err := i.s.rows(ctx, func(row scanner) error {
		k, _, err := scanIMSKey(row)
		all = append(all, k)
		return err
	}, imsKeyColumns+`WHERE k.organization = $1 AND k.current = 1 AND k.not_after IS NOT NULL AND k.not_after >= $2 AND k.not_after < $3
		AND (k.not_after > $2 OR k.id >= $4) AND ($5 = '' OR k.sandbox = $5) ORDER BY k.not_after, k.id LIMIT $6`, endingArgs(q)...)
	if err != nil {
		return nil, fmt.Errorf("reading when keys end: %w", err)
	}
	return all, nil
}
