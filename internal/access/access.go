// Package access says who calls and what they may do.
//
// A [Caller] comes out of authentication (an API key, a session, a token of our own authority) and travels with the
// context. Every use case of every room takes it and asks it once, by [Caller.Require], before it touches anything:
// a caller's scopes are the source of its rights, and a caller bound to a sandbox sees no other. A person has a [Role]
// in the organization besides, which takes away: who is no system administrator holds neither registry:write nor admin,
// whatever the scopes say. The developer console asks for roles, by [Caller.RequireRole].
package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Scope is one right of an API key, written as in RFC 6749 §3.3.
type Scope string

// The scopes that a key can hold. Admin implies every other, and write implies read.
const (
	TokensRead       Scope = "tokens:read"
	ProxyCall        Scope = "proxy:call"
	ConnectionsRead  Scope = "connections:read"
	ConnectionsWrite Scope = "connections:write"
	DefinitionsRead  Scope = "definitions:read"
	DefinitionsWrite Scope = "definitions:write"
	RegistryRead     Scope = "registry:read"
	RegistryWrite    Scope = "registry:write"
	PipelineProduce  Scope = "pipeline:produce"
	PipelineConsume  Scope = "pipeline:consume"
	// PipelineRun is of the daemons of one Campaign instance: credentials are handed over to those that hold it.
	PipelineRun Scope = "pipeline:run"
	AuditRead   Scope = "audit:read"
	Admin       Scope = "admin"
)

// AllScopes lists every scope, in the order of the documentation.
func AllScopes() []Scope {
	return []Scope{
		TokensRead, ProxyCall, ConnectionsRead, ConnectionsWrite, DefinitionsRead, DefinitionsWrite,
		RegistryRead, RegistryWrite, PipelineProduce, PipelineConsume, PipelineRun, AuditRead, Admin,
	}
}

// Scopes is a set of scopes.
type Scopes []Scope

// ParseScopes checks names, and drops repeats. An unknown name is an error that lists the known ones.
func ParseScopes(names []string) (Scopes, error) {
	var out Scopes
	for _, name := range names {
		scope := Scope(strings.TrimSpace(name))
		if !slices.Contains(AllScopes(), scope) {
			return nil, fmt.Errorf("unknown scope %q: the scopes are %s", name, Scopes(AllScopes()))
		}
		if !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	return out, nil
}

// Has tells whether the set grants the scope, by itself or by one that implies it.
func (s Scopes) Has(want Scope) bool {
	for _, have := range s {
		if have == want || have == Admin {
			return true
		}
		if room, ok := strings.CutSuffix(string(want), ":read"); ok && string(have) == room+":write" {
			return true
		}
	}
	return false
}

// String joins the scopes with a blank, as RFC 6749 §3.3 does.
func (s Scopes) String() string { return strings.Join(s.Strings(), " ") }

// Strings gives the names.
func (s Scopes) Strings() []string {
	out := make([]string, len(s))
	for i, scope := range s {
		out[i] = string(scope)
	}
	return out
}

// DefaultSandbox is where things belong when nobody names another (DESIGN: each organization has it).
const DefaultSandbox = "prod"

// Caller is who makes a call.
type Caller struct {
	// ID is the key's or the session's id; `userContext.client` in templates.
	ID string
	// Name is what people call it.
	Name string
	// Organization is the IMS organization id.
	Organization string
	// Sandbox is the only sandbox that the caller may see; "" means every one of the organization.
	Sandbox string
	// Scopes are the caller's rights.
	Scopes Scopes
	// User is the person's id when a person calls, or a technical account's when a token of our authority does; "" for
	// an API key.
	User string
	// Role is what the person is in the organization; "" for an API key, whose scopes say it all.
	Role Role
	// Calls bounds what the key may do through the proxy.
	Calls Calls
	// Profiles are the ids of the product profiles that a developer may attach to credentials; [AllProfiles] is all.
	Profiles []string
}

// Require fails with a [*DeniedError] unless the caller holds every one of the scopes.
func (c Caller) Require(scopes ...Scope) error {
	for _, scope := range scopes {
		if !c.Scopes.Has(scope) {
			return &DeniedError{Scope: scope, Caller: c.ID}
		}
		if (scope == RegistryWrite || scope == Admin) && c.Role != "" && c.Role != SystemAdministrator {
			return &DeniedError{Role: SystemAdministrator, Caller: c.ID}
		}
	}
	return nil
}

// In gives the sandbox that a request for the named one may use: the caller's own when it is bound to one.
// Naming another than the caller's is a [*DeniedError]; "" means the caller's, or [DefaultSandbox].
func (c Caller) In(sandbox string) (string, error) {
	switch {
	case c.Sandbox == "" && sandbox == "":
		return DefaultSandbox, nil
	case c.Sandbox == "":
		return sandbox, nil
	case sandbox == "" || sandbox == c.Sandbox:
		return c.Sandbox, nil
	}
	return "", &DeniedError{Sandbox: sandbox, Caller: c.ID}
}

// DeniedError says which right was missing.
type DeniedError struct {
	Scope   Scope
	Sandbox string
	Role    Role
	// Profile is the id of a product profile that the caller may not attach.
	Profile string
	Caller  string
}

func (e *DeniedError) Error() string {
	switch {
	case e.Role != "":
		return fmt.Sprintf("%s has not the role that this takes: %s", e.Caller, e.Role.Words())
	case e.Profile != "":
		return fmt.Sprintf("%s is no developer of the product profile %s", e.Caller, e.Profile)
	case e.Sandbox != "":
		return fmt.Sprintf("the key %s is bound to another sandbox than %q", e.Caller, e.Sandbox)
	}
	return fmt.Sprintf("the key %s lacks the scope %q", e.Caller, e.Scope)
}

type contextKey struct{}

// With gives a context that carries the caller.
func With(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, contextKey{}, caller)
}

// From gives the context's caller; one without rights when there is none.
func From(ctx context.Context) Caller {
	caller, _ := ctx.Value(contextKey{}).(Caller)
	return caller
}
