package cloudservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"regexp"

	"latchkey/internal/access"
)

// Snippet is what a page embeds to be targeted.
type Snippet struct {
	// HTML belongs into the page's head.
	HTML string
	// Notes say what is worth knowing of it: that a library is retired, where another one comes from.
	Notes []string
	// Requires says which versions of AEM make pages of such a setting.
	Requires []string
}

// Snippet renders the client library as a service is set.
func (s *Services) Snippet(ctx context.Context, caller access.Caller, ref Ref) (Snippet, error) {
	of, err := s.targetOne(ctx, caller, ref, access.ConnectionsRead)
	if err != nil {
		return Snippet{}, err
	}
	own, err := s.config.Targets.FindLibrary(ctx, of.ID)
	if err != nil && !errors.Is(err, ErrNoLibrary) {
		return Snippet{}, err
	}
	return of.snippet(own)
}

func (s *Service) snippet(own OwnLibrary) (Snippet, error) {
	t := s.Target
	out := Snippet{Requires: s.targetRequires()}
	if retired := t.Library.Retired(); retired != "" {
		out.Notes = append(out.Notes, retired)
	}
	if t.Library.managed() {
		if t.LibraryURL == "" {
			return Snippet{}, fmt.Errorf("the cloud service %s has a tag manager and no library_url: %w", s.Name, ErrState)
		}
		out.HTML = s.managed()
		return out, nil
	}
	if t.ClientCode == "" {
		return Snippet{}, fmt.Errorf("the cloud service %s has no client code, which pages name the account by: %w", s.Name, ErrState)
	}
	switch {
	case own.Content != "" && t.LibraryURL == "":
		out.Notes = append(out.Notes, "the library that was uploaded stands in the page itself; host it and set library_url, so that browsers keep it")
	case t.LibraryURL == "":
		out.Notes = append(out.Notes, fmt.Sprintf("the page loads %s from its own folder: Target gives the file (Administration, Implementation); upload it here, or set library_url", t.Library))
	}
	if t.Library == MboxJS {
		out.HTML = s.script(own) + mboxCall
	} else {
		out.HTML = s.settings() + s.script(own)
	}
	if t.Library == AtJS && t.AccurateTargeting {
		out.HTML += accurate
		out.Notes = append(out.Notes, "with accurate targeting the page's context comes first: let window.targetContext be an object of parameters, or a promise of one; without it the page asks at once")
	}
	return out, nil
}

// managed embeds a tag manager's library, which has its own settings.
func (s *Service) managed() string {
	out := script(s.Target.LibraryURL, s.Target.Library != DTM)
	if s.Target.Library == DTM {
		out += "<!-- at the end of the body: -->\n<script>_satellite.pageBottom();</script>\n"
	}
	return out
}

// settings override those that the library was made with.
func (s *Service) settings() string {
	values := struct {
		ClientCode      string `json:"clientCode"`
		ServerDomain    string `json:"serverDomain"`
		PageLoadEnabled bool   `json:"pageLoadEnabled"`
	}{s.Target.ClientCode, s.Target.ClientCode + ".tt.omtrdc.net", !s.Target.AccurateTargeting}
	text, _ := json.Marshal(values) // its <, > and & are escaped, so that it can't end the script
	return "<script>\nwindow.targetGlobalSettings = " + string(text) + ";\n</script>\n"
}

// script embeds the library: from its place, or as it was uploaded.
func (s *Service) script(own OwnLibrary) string {
	switch t := s.Target; {
	case t.LibraryURL != "":
		return script(t.LibraryURL, false)
	case own.Content != "":
		return "<script>\n" + inline(own.Content) + "\n</script>\n"
	default:
		return script(string(t.Library), false)
	}
}

func script(src string, async bool) string {
	attribute := ""
	if async {
		attribute = " async"
	}
	return `<script src="` + html.EscapeString(src) + `"` + attribute + "></script>\n"
}

// ends is what would end the element that a script stands in, or change how its end is found.
var ends = regexp.MustCompile(`(?i)<(/script|!--)`)

// inline keeps a script's text from ending its element: in JavaScript \x3c is <, in a string or a regular expression, which is
// where such a text stands.
func inline(text string) string { return ends.ReplaceAllString(text, `\x3c$1`) }

const mboxCall = `<div class="mboxDefault"></div>
<script>mboxCreate("target-global-mbox");</script>
`

// accurate waits for the page's context before it asks for content, two seconds at most.
const accurate = `<script>
(function (w) {
  var late = new Promise(function (done) { w.setTimeout(done, 2000); });
  Promise.race([Promise.resolve(w.targetContext), late]).catch(function () {}).then(function (parameters) {
    return adobe.target.getOffers({request: {execute: {pageLoad: {parameters: parameters || {}}}}});
  }).then(function (response) {
    return adobe.target.applyOffers({response: response});
  }).catch(function (reason) { w.console.error("Target:", reason); });
})(window);
</script>
`
