package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/internal/access"
)

// Search over everything: each source looks among the things of one room, all at once and within a time. What a role may not
// see is not looked for. Nothing is found by a secret, and what looks like one is not looked for.

const placeSearch = "/search"

func (p *Pages) searchRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{"GET /search": (*visit).search}
}

// hit is something that was found.
type hit struct {
	// Name is what people call it, ID what programs do, What says more.
	Name, ID, What, Path string
	// Exact says that it is the one thing that is called exactly so.
	Exact bool
}

// hits are those of a kind.
type hits struct {
	Kind string
	All  []hit
	// More is a page that lists the rest; "" when these are all, or there is none.
	More string
	// Late says that there was no time to look at everything.
	Late bool
}

// source looks for a text among the things of a kind. It gives one more than [perKind] where there are more.
type source struct {
	kind string
	look func(ctx context.Context, v *visit, q query) ([]hit, error)
	// more is where the whole list is searched; "" for nowhere.
	more string
}

// query is what is looked for.
type query struct {
	text string
	// low is the same in lower case, hex without the colons that fingerprints are written with.
	low, hex string
}

const (
	// perKind is how many of a kind are shown, searchTime how long everything together may take.
	perKind    = 8
	searchTime = 400 * time.Millisecond
	maxQuery   = 200
)

func newQuery(text string) query {
	q := query{text: text, low: strings.ToLower(text)}
	q.hex = strings.ReplaceAll(q.low, ":", "")
	return q
}

// in tells whether one of the texts has what is looked for.
func (q query) in(texts ...string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), q.low) })
}

// is tells whether one of the texts is what is looked for, whatever the case.
func (q query) is(texts ...string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return t != "" && strings.EqualFold(t, q.text) })
}

// secretLike is the form of secrets: of API keys, client secrets, webhook secrets, calendar addresses, tokens and private keys.
// Who pastes one has put it into the browser's history.
var secretLike = regexp.MustCompile(`^(lk_|lkf_|p8e-|s8e-|whsec_|Bearer |-----BEGIN)|^ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.`)

// searchView is what was found.
type searchView struct {
	Query   string
	Found   []hits
	Count   int
	Secret  bool
	Short   bool
	Sandbox string
}

func (v *visit) search() error {
	text := strings.TrimSpace(v.r.URL.Query().Get("q"))
	view := &searchView{Query: text, Sandbox: v.sandbox}
	switch {
	case secretLike.MatchString(text):
		view.Query, view.Secret = "", true
	case len([]rune(text)) < 2 || len(text) > maxQuery:
		view.Short = text != ""
	default:
		view.Found = v.lookFor(newQuery(text))
	}
	var exact []hit
	for _, found := range view.Found {
		view.Count += len(found.All)
		for _, h := range found.All {
			if h.Exact && h.Path != "" {
				exact = append(exact, h)
			}
		}
	}
	if len(exact) == 1 { // a redirect of our own making: the path is one of the console's
		http.Redirect(v.w, v.r, exact[0].Path, http.StatusSeeOther)
		return nil
	}
	return v.show(http.StatusOK, "search", "Search", view)
}

// lookFor asks all sources at once.
func (v *visit) lookFor(q query) []hits {
	ctx, cancel := context.WithTimeout(v.r.Context(), searchTime)
	defer cancel()
	found := make([]hits, len(sources))
	var all sync.WaitGroup
	for i, s := range sources {
		all.Go(func() { found[i] = v.ask(ctx, s, q) })
	}
	all.Wait()
	return slices.DeleteFunc(found, func(h hits) bool { return len(h.All) == 0 && !h.Late })
}

// ask looks in one source. What fails is told in the log, and keeps nobody from finding the rest.
func (v *visit) ask(ctx context.Context, s source, q query) hits {
	out := hits{Kind: s.kind}
	var err error
	out.All, err = s.look(ctx, v, q)
	if len(out.All) > perKind {
		out.All = out.All[:perKind]
		if s.more != "" {
			out.More = v.leads(s.more + "?q=" + url.QueryEscape(q.text))
		}
	}
	switch _, denied := errors.AsType[*access.DeniedError](err); {
	case err == nil, denied:
	case ctx.Err() != nil:
		out.Late = true
	default:
		v.Log.WarnContext(ctx, "a part of everything could not be searched", slog.String("kind", s.kind), slog.Any("error", err))
	}
	return out
}

// inSandbox adds the sandbox to the address of something that is in one.
func (v *visit) inSandbox(path string) string {
	if path == "" || v.sandbox == access.DefaultSandbox {
		return path
	}
	return path + "?sandbox=" + url.QueryEscape(v.sandbox)
}
