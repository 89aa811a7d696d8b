package seal

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoDataKey is what [KeyStore.DataKey] gives for an organization that has no key yet.
var ErrNoDataKey = errors.New("the organization has no data key")

// ErrNotCurrent is what [KeyStore.CreateDataKey] gives for a key that was wrapped with another root key than the
// current one.
var ErrNotCurrent = errors.New("the root key is not the current one")

// ErrConflict says that somebody else changed the root keys at the same time.
var ErrConflict = errors.New("the root keys were changed at the same time")

// ErrNothingToRotate says that this server has no other root key than the current one.
var ErrNothingToRotate = errors.New("this server has no root key but the current one")

// ErrProbe says that the root key to rotate to does not wrap and unwrap.
var ErrProbe = errors.New("the new root key does not work")

// WrongRootError says that the data keys were wrapped with another root key.
type WrongRootError struct {
	// Want is the id of the root key that wrapped them, Have of the one that was given.
	Want, Have string
	// Passphrase tells that both are passphrases: one of them was mistyped.
	Passphrase bool
}

func (e *WrongRootError) Error() string {
	if e.Passphrase {
		return fmt.Sprintf("the passphrase is not the one that the secrets here are sealed with (%s)", e.Want)
	}
	return fmt.Sprintf("the secrets here are sealed with the root key %s, this is %s; give the one that they were sealed with",
		e.Want, e.Have)
}

// RetiredRootError says that a root key was rotated away from.
type RetiredRootError struct {
	// ID is the key that was given, Current the one that replaced it.
	ID, Current string
	// At is when the rotation was complete; zero while it is under way.
	At time.Time
}

func (e *RetiredRootError) Error() string {
	if e.At.IsZero() {
		return fmt.Sprintf("the root key %s is being rotated away from: the secrets here move to %s", e.ID, e.Current)
	}
	return fmt.Sprintf("the root key %s was retired at %s: the secrets here are sealed with %s",
		e.ID, e.At.UTC().Format(time.RFC3339), e.Current)
}

// UnfinishedError says that a rotation is not complete, and that the root key which it leaves was not given.
type UnfinishedError struct {
	// Previous is the root key that is needed still.
	Previous string
	// Remaining is how many data keys are wrapped with it.
	Remaining int
}

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("the rotation of the root key is not complete: %d data keys are still wrapped with %s; give that one as the previous root key",
		e.Remaining, e.Previous)
}

// BehindError says that this process has another root key than the one that is current by now.
type BehindError struct {
	// Current is the key that is missing here.
	Current string
}

func (e *BehindError) Error() string {
	return fmt.Sprintf("this server's configuration is behind: the secrets here moved to the root key %s, which it does not have; configure that one and restart it",
		e.Current)
}
