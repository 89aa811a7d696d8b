package pipelined

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"latchkey/internal/pipelined/credential"
)

// What the instance's own file says of the credential follows the daemon: a credential that was handed over is written there
// once it serves, and one that was refused or rolled back gives way to the one that serves. So a restart comes up with what
// works.

// Attribute is how an attribute of the credential stands in the instance's own file.
type Attribute struct {
	Path string `json:"path"`
	Name string `json:"name"`
	// Text is as it stands there: secrets are sealed, unless Clear.
	Text string `json:"text"`
	// There is false for one that the file has not.
	There bool `json:"there"`
	// Clear tells of a secret that everybody who reads the file can read.
	Clear bool `json:"-"`
}

// File is the instance's own file, as far as the daemon writes it. Both acts touch nothing but the credential's attributes,
// and give the copy of what was there, "" when nothing had to be written.
type File interface {
	// Put writes a credential of IMS.
	Put(c credential.Credential) (backup string, err error)
	// Restore writes back how a credential stood.
	Restore(stood []Attribute) (backup string, err error)
}

// stand remembers how a credential stands in the file. Who calls it holds d.migrations, or has the daemon alone.
func (d *Daemon) stand(s *Setup) {
	if d.stands == nil {
		d.stands = map[string][]Attribute{}
	}
	d.stands[s.Credential.Fingerprint()] = s.Standing
}

// holds tells whether the file holds a credential, and remembers how it stands there.
func (d *Daemon) holds(fingerprint string) bool {
	setup, err := d.config.Load()
	if err != nil || setup.Credential.Fingerprint() != fingerprint {
		return false
	}
	d.stand(setup)
	return true
}

// put has the file hold a credential that serves.
func (d *Daemon) put(c credential.Credential) error {
	switch {
	case d.holds(c.Fingerprint()):
		return nil
	case d.config.File == nil:
		return errors.New("the instance's file is not written by this daemon")
	}
	backup, err := d.config.File.Put(c)
	if err != nil {
		return fmt.Errorf("writing the credential into the instance's file: %w", err)
	}
	if !d.holds(c.Fingerprint()) {
		return errors.New("the instance's file says something else of the credential, with the new one in it; pipelined@disableAuth must not be true, and no attribute may hide another")
	}
	d.log.Info("The credential is in the instance's file, which was before: " + backup)
	return nil
}

// putBack has the file hold the credential in use again, as it stood there. What it says was done, "" for nothing.
func (d *Daemon) putBack() string {
	used := d.tokens.inUse().Fingerprint()
	stood := d.stands[used]
	if d.config.File == nil || stood == nil || d.holds(used) {
		return ""
	}
	backup, err := d.config.File.Restore(stood)
	said := "the instance's file holds the credential of before again, and what it held is in " + backup
	if err != nil {
		said = "the instance's file still holds the other one, which a restart would come up with: " + err.Error()
	}
	d.log.Warn("Going back: " + said)
	return said
}

// noteBefore names the note of how the credential before a migration stood in the file.
const noteBefore = "credential before"

// keepBefore keeps how a credential stood in the file, so that the way back outlives this process. One with a secret in clear
// is not copied.
func (d *Daemon) keepBefore(ctx context.Context, fingerprint string) {
	text := ""
	if stood := d.stands[fingerprint]; stood != nil {
		for _, a := range stood {
			if a.Clear {
				stood = nil
				break
			}
		}
		if stood != nil {
			written, _ := json.Marshal(stood) // texts alone
			text = string(written)
		}
	}
	if err := d.journal.Note(context.WithoutCancel(ctx), noteBefore, text); err != nil {
		d.log.Warn("The way back to the credential before ends with this process: " + err.Error())
	}
}

// former gives the credential before the last migration: the one that stands by, or the one that stood in the file. undo puts
// the file back when it is not used after all.
func (d *Daemon) former(ctx context.Context) (k *credential.Keeper, undo func(), err error) {
	d.tokens.mu.Lock()
	before := d.tokens.before
	d.tokens.mu.Unlock()
	if before != nil {
		return before, func() {}, nil
	}
	none := errors.New("the credential before is no longer held: the migration was finished; put it into the file and migrate to it")
	text, err := d.journal.Noted(ctx, noteBefore)
	if err != nil {
		return nil, nil, err
	}
	var stood []Attribute
	if text == "" || json.Unmarshal([]byte(text), &stood) != nil || d.config.File == nil {
		return nil, nil, none
	}
	if _, err := d.config.File.Restore(stood); err != nil {
		return nil, nil, fmt.Errorf("putting the credential before into the instance's file: %w", err)
	}
	undo = func() { d.putBack() }
	setup, err := d.config.Load()
	if err != nil {
		undo()
		return nil, nil, err
	}
	d.stand(setup)
	if k, err = credential.NewKeeper(setup.Credential, d.config.Exchanger, d.clock); err != nil {
		undo()
		return nil, nil, &PreflightError{"credential", err}
	}
	return k, undo, nil
}
