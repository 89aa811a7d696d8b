package registry

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
)

// Directory holds the use cases of organizations and sandboxes.
type Directory struct {
	store Store
	clock clock.Clock
}

// NewDirectory makes a directory over a store.
func NewDirectory(store Store, clock clock.Clock) *Directory {
	return &Directory{store: store, clock: clock}
}

// CreateOrganization adds an organization, with its sandbox "prod". Only the operator can.
func (d *Directory) CreateOrganization(ctx context.Context, caller access.Caller, id, name string) (Organization, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Organization{}, err
	}
	if caller.Organization != "" {
		return Organization{}, &access.DeniedError{Scope: access.Admin, Caller: caller.ID}
	}
	if err := ident.CheckIMSOrg(id); err != nil {
		return Organization{}, &InvalidError{
			Pointer: "/id", Message: err.Error(),
			Fix: "copy the organization id from the Admin Console; it looks like 1234567890ABCDEF12345678@AdobeOrg",
		}
	}
	name, err := checkText("/name", name, id)
	if err != nil {
		return Organization{}, err
	}
	now := d.clock.Now().UTC()
	first := Sandbox{
		ID: ident.UUID(), Organization: id, Name: access.DefaultSandbox, Title: "Production", CreatedAt: now,
	}
	for { // until a number is free
		organization := Organization{ID: id, Number: newNumber(), Name: name, CreatedAt: now}
		err = d.store.CreateOrganization(ctx, organization, first, audit.Entry{
			At: now, Organization: id, Actor: caller.ID, Action: "organization.create", Subject: id,
			Detail: map[string]string{"name": name, "number": organization.Number},
		})
		switch {
		case errors.Is(err, ErrNumberTaken):
			continue
		case err != nil:
			return Organization{}, fmt.Errorf("creating the organization %s: %w", id, err)
		}
		return organization, nil
	}
}

// newNumber draws eight digits, as the console numbers organizations.
func newNumber() string {
	var drawn [4]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	return strconv.Itoa(10_000_000 + int(binary.BigEndian.Uint32(drawn[:])%90_000_000))
}

// Organizations lists those that the caller sees: its own; all, for the operator.
func (d *Directory) Organizations(ctx context.Context, caller access.Caller) ([]Organization, error) {
	if err := caller.Require(access.RegistryRead); err != nil {
		return nil, err
	}
	all, err := d.store.Organizations(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing organizations: %w", err)
	}
	if caller.Organization == "" {
		return all, nil
	}
	for _, organization := range all {
		if organization.ID == caller.Organization {
			return []Organization{organization}, nil
		}
	}
	return nil, nil
}

// Organization gives one by its id or its number.
func (d *Directory) Organization(ctx context.Context, caller access.Caller, id string) (Organization, error) {
	seen, err := d.Organizations(ctx, caller)
	if err != nil {
		return Organization{}, err
	}
	for _, organization := range seen {
		if organization.ID == id || organization.Number == id && id != "" {
			return organization, nil
		}
	}
	return Organization{}, fmt.Errorf("the organization %q: %w", id, ErrNotFound)
}

// CreateSandbox adds a sandbox to the caller's organization. An empty title becomes the name.
func (d *Directory) CreateSandbox(ctx context.Context, caller access.Caller, name, title string) (Sandbox, error) {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return Sandbox{}, err
	}
	if caller.Sandbox != "" {
		return Sandbox{}, &access.DeniedError{Sandbox: name, Caller: caller.ID}
	}
	if err := checkSandboxName(name); err != nil {
		return Sandbox{}, err
	}
	title, err := checkText("/title", title, name)
	if err != nil {
		return Sandbox{}, err
	}
	sandbox := Sandbox{
		ID: ident.UUID(), Organization: caller.Organization, Name: name, Title: title, CreatedAt: d.clock.Now().UTC(),
	}
	if err := d.store.CreateSandbox(ctx, sandbox, sandbox.entry(caller, "sandbox.create", sandbox.CreatedAt)); err != nil {
		return Sandbox{}, fmt.Errorf("creating the sandbox %q: %w", name, err)
	}
	return sandbox, nil
}

// Sandboxes lists those of the caller's organization that the caller sees, in the order of their names.
func (d *Directory) Sandboxes(ctx context.Context, caller access.Caller) ([]Sandbox, error) {
	if err := caller.Require(access.RegistryRead); err != nil {
		return nil, err
	}
	return d.visible(ctx, caller)
}

// Sandbox gives one by its id or its name. It asks for no scope: whoever may use a sandbox may know it.
func (d *Directory) Sandbox(ctx context.Context, caller access.Caller, ref string) (Sandbox, error) {
	seen, err := d.visible(ctx, caller)
	if err != nil {
		return Sandbox{}, err
	}
	for _, sandbox := range seen {
		if sandbox.Name == ref || strings.EqualFold(sandbox.ID, ref) {
			return sandbox, nil
		}
	}
	return Sandbox{}, fmt.Errorf("the sandbox %q: %w", ref, ErrNotFound)
}

// DeleteSandbox removes one, by its id or its name, that nothing is in. "prod" stays.
func (d *Directory) DeleteSandbox(ctx context.Context, caller access.Caller, ref string) error {
	if err := caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	sandbox, err := d.Sandbox(ctx, caller, ref)
	if err != nil {
		return err
	}
	if caller.Sandbox != "" {
		return &access.DeniedError{Scope: access.RegistryWrite, Caller: caller.ID}
	}
	if sandbox.Name == access.DefaultSandbox {
		return &InvalidError{
			Message: fmt.Sprintf("the sandbox %q is the organization's default and can't be deleted", sandbox.Name),
		}
	}
	if err := d.store.DeleteSandbox(ctx, sandbox.Organization, sandbox.ID, sandbox.entry(caller, "sandbox.delete", d.clock.Now())); err != nil {
		return fmt.Errorf("deleting the sandbox %q: %w", sandbox.Name, err)
	}
	return nil
}

// entry is what the audit record says of a sandbox.
func (s Sandbox) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: s.Organization, Actor: caller.ID, Action: action, Subject: s.ID,
		Detail: map[string]string{"name": s.Name, "title": s.Title},
	}
}

// visible lists the sandboxes of the caller's organization that it is not kept out of.
func (d *Directory) visible(ctx context.Context, caller access.Caller) ([]Sandbox, error) {
	all, err := d.store.Sandboxes(ctx, caller.Organization)
	if err != nil {
		return nil, fmt.Errorf("listing sandboxes: %w", err)
	}
	if caller.Sandbox == "" {
		return all, nil
	}
	var own []Sandbox
	for _, sandbox := range all {
		if sandbox.Name == caller.Sandbox {
			own = append(own, sandbox)
		}
	}
	return own, nil
}

const maxName = 256

func checkSandboxName(name string) error {
	valid := name != "" && len(name) <= maxName
	for _, c := range []byte(name) {
		valid = valid && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if valid {
		return nil
	}
	return &InvalidError{
		Pointer: "/name", Message: fmt.Sprintf("%.64q is not a sandbox's name", name),
		Fix: "use 1 to 256 of the characters a-z, 0-9 and -",
	}
}

// checkText takes a name that people read, trimmed; an empty one becomes the fallback.
func checkText(pointer, text, fallback string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		text = fallback
	}
	switch {
	case text == "":
		return "", &InvalidError{Pointer: pointer, Message: "the name is missing", Fix: "name it for what will use it"}
	case utf8.RuneCountInString(text) > maxName:
		return "", &InvalidError{Pointer: pointer, Message: "the name is too long", Fix: "use up to 256 characters"}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, isControl):
		return "", &InvalidError{Pointer: pointer, Message: "the name holds a control character", Fix: "write it on one line"}
	}
	return text, nil
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 }
