package destination

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"latchkey/internal/access"
	"latchkey/internal/audit"
	"latchkey/internal/clock"
	"latchkey/internal/ident"
)

// Catalogue keeps the definitions of all sandboxes. Each use case checks its caller's scopes and sandbox first. It is
// safe for concurrent use.
type Catalogue struct {
	store Store
	clock clock.Clock
	lint  LintOptions

	mu    sync.Mutex
	plans planCache
}

// Config says what a catalogue works with.
type Config struct {
	Store Store
	// Clock is the system's when nil.
	Clock clock.Clock
	// Lint is how strict publishing is.
	Lint LintOptions
	// Plans bounds the cache of compiled plans; 1024 when 0.
	Plans int
}

const defaultPlans = 1024

// NewCatalogue makes a catalogue over a store.
func NewCatalogue(config Config) *Catalogue {
	if config.Clock == nil {
		config.Clock = clock.System()
	}
	if config.Plans == 0 {
		config.Plans = defaultPlans
	}
	return &Catalogue{store: config.Store, clock: config.Clock, lint: config.Lint, plans: newPlanCache(config.Plans)}
}

// Ref names a definition: its id, its instance id or its unique name, in a sandbox ("" is the caller's own).
type Ref struct{ Sandbox, Name string }

// Draft is a document to be stored.
type Draft struct {
	Document *Document
	// Name stands in where the document has no name of its own.
	Name string
	// Base is the number of the revision that was edited: an update fails with [ErrConflict] when there is a newer one. 0 takes
	// whatever is there.
	Base int
	// Note says why it was changed; "" says nothing.
	Note string
}

// Saved is what a use case left behind, and what is still wrong with it.
type Saved struct {
	Definition Definition
	Revision   Revision
	Problems   Problems
}

// maxName and maxNote bound a definition's name and what is said of a change, in characters.
const maxName, maxNote = 255, 500

// Create stores a new definition as draft revision 1 in a sandbox. It fails with [Problems] when the document is
// refused, and with [ErrNameTaken].
func (c *Catalogue) Create(ctx context.Context, caller access.Caller, sandbox string, draft Draft) (Saved, error) {
	if err := caller.Require(access.DefinitionsWrite); err != nil {
		return Saved{}, err
	}
	sandbox, err := caller.In(sandbox)
	if err != nil {
		return Saved{}, err
	}
	problems, err := c.admit(draft)
	if err != nil {
		return Saved{}, err
	}
	now := c.now()
	def := Definition{
		ID: ident.New("def"), InstanceID: ident.UUID(), Organization: caller.Organization, Sandbox: sandbox,
		Draft: 1, CreatedAt: now, UpdatedAt: now, CreatedBy: caller.ID,
	}
	def.describe(draft)
	rev := Revision{Definition: def.ID, Number: 1, Document: draft.Document, CreatedAt: now, CreatedBy: caller.ID, Note: draft.Note}
	if err := c.store.Save(ctx, Change{Definition: def, Revision: &rev, Entry: def.entry(caller, "definition.create", now)}); err != nil {
		return Saved{}, fmt.Errorf("storing the definition %q: %w", def.Name, err)
	}
	return Saved{def, rev, problems}, nil
}

// Update stores a new draft revision. The mask keeps the secrets of the newest revision; a document that says the
// same as it makes no new one.
func (c *Catalogue) Update(ctx context.Context, caller access.Caller, ref Ref, draft Draft) (Saved, error) {
	def, err := c.find(ctx, caller, ref, access.DefinitionsWrite)
	if err != nil {
		return Saved{}, err
	}
	if draft.Base != 0 && draft.Base != def.Draft {
		return Saved{}, fmt.Errorf("storing a revision of %q over %d: %w", def.Name, draft.Base, ErrConflict)
	}
	newest, err := c.revision(ctx, def.ID, def.Draft)
	if err != nil {
		return Saved{}, err
	}
	draft.Document.MergeSecrets(newest.Document)
	if draft.Name == "" {
		draft.Name = def.Name
	}
	problems, err := c.admit(draft)
	if err != nil {
		return Saved{}, err
	}
	if draft.Document.Equal(newest.Document) {
		return Saved{def, newest, problems}, nil
	}
	expect := def.Draft
	def.describe(draft)
	def.Draft++
	def.UpdatedAt = c.now()
	rev := Revision{
		Definition: def.ID, Number: def.Draft, Document: draft.Document,
		CreatedAt: def.UpdatedAt, CreatedBy: caller.ID, Note: draft.Note,
	}
	if err := c.store.Save(ctx, Change{
		Definition: def, Revision: &rev, Expect: expect, Entry: def.entry(caller, "definition.update", def.UpdatedAt),
	}); err != nil {
		return Saved{}, fmt.Errorf("storing a revision of %q: %w", def.Name, err)
	}
	return Saved{def, rev, problems}, nil
}

// Publish makes the newest revision the published one. It fails with [Problems] when the strict checks do.
func (c *Catalogue) Publish(ctx context.Context, caller access.Caller, ref Ref) (Saved, error) {
	def, err := c.find(ctx, caller, ref, access.DefinitionsWrite)
	if err != nil {
		return Saved{}, err
	}
	rev, err := c.revision(ctx, def.ID, def.Draft)
	if err != nil {
		return Saved{}, err
	}
	problems := rev.Document.Lint(c.lint)
	if problems.HasUnpublishable() {
		return Saved{}, problems.AtLeast(Unpublishable)
	}
	if def.Published == def.Draft {
		return Saved{def, rev, problems}, nil
	}
	now := c.now()
	def.Published, def.UpdatedAt = def.Draft, now
	rev.Published, rev.PublishedAt = true, now
	if err := c.store.Save(ctx, Change{
		Definition: def, Revision: &rev, Expect: def.Draft, Entry: def.entry(caller, "definition.publish", now),
	}); err != nil {
		return Saved{}, fmt.Errorf("publishing %q: %w", def.Name, err)
	}
	return Saved{def, rev, problems}, nil
}

// Lint checks a document as publishing would, and stores nothing.
func (c *Catalogue) Lint(caller access.Caller, document *Document) (Problems, error) {
	if err := caller.Require(access.DefinitionsRead); err != nil {
		return nil, err
	}
	return document.Lint(c.lint), nil
}

// Get gives a definition with its newest revision and what is wrong with that.
func (c *Catalogue) Get(ctx context.Context, caller access.Caller, ref Ref) (Saved, error) {
	def, err := c.find(ctx, caller, ref, access.DefinitionsRead)
	if err != nil {
		return Saved{}, err
	}
	return c.saved(ctx, def, def.Draft)
}

// Revision gives a definition with one of its revisions; the number 0 means the newest.
func (c *Catalogue) Revision(ctx context.Context, caller access.Caller, ref Ref, number int) (Saved, error) {
	def, err := c.find(ctx, caller, ref, access.DefinitionsRead)
	if err != nil {
		return Saved{}, err
	}
	if number == 0 {
		number = def.Draft
	}
	return c.saved(ctx, def, number)
}

func (c *Catalogue) saved(ctx context.Context, def Definition, number int) (Saved, error) {
	rev, err := c.revision(ctx, def.ID, number)
	if err != nil {
		return Saved{}, err
	}
	return Saved{def, rev, rev.Document.Lint(c.lint)}, nil
}

// Revisions gives all revisions of a definition, oldest first.
func (c *Catalogue) Revisions(ctx context.Context, caller access.Caller, ref Ref) ([]Revision, error) {
	def, err := c.find(ctx, caller, ref, access.DefinitionsRead)
	if err != nil {
		return nil, err
	}
	revisions, err := c.store.Revisions(ctx, def.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the revisions of %q: %w", def.Name, err)
	}
	return revisions, nil
}

// Page asks for part of a list.
type Page struct {
	Sandbox, Search, After string
	Limit                  int
}

// The sizes of a page.
const (
	defaultPage = 50
	maxPage     = 200
)

// List gives a page of a sandbox's definitions in the order in which they were made. next is the cursor of the page
// after, "" on the last one.
func (c *Catalogue) List(ctx context.Context, caller access.Caller, page Page) (found []Definition, next string, err error) {
	if err := caller.Require(access.DefinitionsRead); err != nil {
		return nil, "", err
	}
	sandbox, err := caller.In(page.Sandbox)
	if err != nil {
		return nil, "", err
	}
	limit := min(page.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	found, err = c.store.List(ctx, Query{
		Organization: caller.Organization, Sandbox: sandbox, Search: page.Search, After: page.After, Limit: limit + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing definitions: %w", err)
	}
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].ID
	}
	return found, next, nil
}

// Delete forgets a definition. It fails with an [InUseError] while connections exist.
func (c *Catalogue) Delete(ctx context.Context, caller access.Caller, ref Ref) error {
	def, err := c.find(ctx, caller, ref, access.DefinitionsWrite)
	if err != nil {
		return err
	}
	if err := c.store.Delete(ctx, def.ID, def.entry(caller, "definition.delete", c.now())); err != nil {
		return fmt.Errorf("deleting %q: %w", def.Name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans.forget(def.ID)
	return nil
}

// admit fails with the problems that keep a draft from being stored; else it gives the others.
func (c *Catalogue) admit(draft Draft) (Problems, error) {
	problems := slices.Concat(checkName(draft), checkNote(draft), draft.Document.Lint(c.lint))
	if problems.HasRefused() {
		return nil, problems.AtLeast(Refused)
	}
	return problems, nil
}

func checkName(draft Draft) Problems {
	name := draft.name()
	problem := Problem{Pointer: "/name", Severity: Refused}
	switch {
	case name == "":
		problem.Message, problem.Fix = "the definition has no name", `add "name": "…"`
	case utf8.RuneCountInString(name) > maxName:
		problem.Message = fmt.Sprintf("the name has %d characters, and %d are allowed", utf8.RuneCountInString(name), maxName)
	case strings.TrimSpace(name) != name || strings.ContainsFunc(name, isControl):
		problem.Message = "the name has blanks around it, or control characters in it"
	case ident.Is("def", name) || ident.IsUUID(name):
		problem.Message, problem.Fix = "the name reads like an id", "choose a name that can't be taken for one"
	default:
		return nil
	}
	return Problems{problem}
}

func checkNote(draft Draft) Problems {
	if n := utf8.RuneCountInString(draft.Note); n > maxNote {
		return Problems{{Pointer: "/note", Severity: Refused, Message: fmt.Sprintf("the note has %d characters, and %d are allowed", n, maxNote)}}
	}
	return nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// name is the document's name, or the one that stands in for it.
func (d Draft) name() string {
	if name := d.Document.Name(); name != "" {
		return name
	}
	return d.Name
}

func (d *Definition) describe(draft Draft) {
	d.Name, d.Description, d.Status = draft.name(), draft.Document.Description(), draft.Document.Status()
}

// entry is what the audit record says of a change.
func (d *Definition) entry(caller access.Caller, action string, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Organization: d.Organization, Actor: caller.ID, Action: action, Subject: d.ID,
		Detail: map[string]string{"name": d.Name, "sandbox": d.Sandbox, "revision": strconv.Itoa(d.Draft)},
	}
}

// find checks the caller and looks a definition up in the sandbox that the caller may see.
func (c *Catalogue) find(ctx context.Context, caller access.Caller, ref Ref, scopes ...access.Scope) (Definition, error) {
	if err := caller.Require(scopes...); err != nil {
		return Definition{}, err
	}
	sandbox, err := caller.In(ref.Sandbox)
	if err != nil {
		return Definition{}, err
	}
	def, err := c.store.Find(ctx, Place{caller.Organization, sandbox}, ref.Name)
	if err != nil {
		return Definition{}, fmt.Errorf("finding the definition %q in the sandbox %q: %w", ref.Name, sandbox, err)
	}
	return def, nil
}

// revision gives one revision of a definition.
func (c *Catalogue) revision(ctx context.Context, definition string, number int) (Revision, error) {
	found, err := c.store.Revisions(ctx, definition, number)
	if err != nil {
		return Revision{}, fmt.Errorf("reading revision %d of %s: %w", number, definition, err)
	}
	if len(found) == 0 {
		return Revision{}, fmt.Errorf("reading revision %d of %s: %w", number, definition, ErrNoRevision)
	}
	return found[0], nil
}

// now gives the time as stores keep it.
func (c *Catalogue) now() time.Time { return c.clock.Now().UTC().Truncate(time.Microsecond) }
