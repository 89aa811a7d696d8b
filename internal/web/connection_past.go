package web

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/connection"
	"latchkey/internal/exchange"
	"latchkey/internal/finding"
)

// This file says in words what happened to a connection: its history, and the layers of one exchange.

// pastRow is a thing of the history as the timeline shows it.
type pastRow struct {
	connection.Past
	Tone, Title string
	// Facts are what else there is to tell, in short.
	Facts []string
}

// causeWords say why an exchange was made.
var causeWords = map[string]string{
	"due": "its time had come", "needed": "a caller waited for a token", "rejected": "a caller said that the token was rejected", "ordered": "somebody asked for it",
}

func pastRowOf(p connection.Past) pastRow {
	row := pastRow{Past: p}
	switch p.What {
	case connection.WasCreated:
		row.Title, row.Tone = "Connected, with the first token", "good"
		if p.Generation == 0 {
			row.Title, row.Tone = "Created; waits for its customer’s consent", ""
		}
	case connection.WasRefreshed:
		row.Title, row.Tone = "Renewed", "good"
	case connection.WasNotRefreshed:
		row.Title, row.Tone = "Not renewed", "warn"
		if p.State == connection.NeedsReauthorization {
			row.Title, row.Tone = "Not renewed, and the grant is over", "bad"
		}
	case connection.WasAuthorized:
		row.Title, row.Tone = "Authorized", "good"
	case connection.WasNotAuthorized:
		row.Title, row.Tone = "A consent failed", "warn"
	case connection.WasEnded:
		row.Title, row.Tone = "Ended", "bad"
	case connection.WasDisabled:
		row.Title = "Switched off"
	case connection.WasEnabled:
		row.Title = "Switched on again"
	case connection.WasChanged:
		row.Title = "Changed"
		if p.Label != "" {
			row.Title = "Renamed to " + p.Label
		}
	case connection.ConsentBegun:
		row.Title = "A consent was begun"
	default:
		row.Title = string(p.What)
	}
	row.tell()
	return row
}

// tell gathers the facts.
func (r *pastRow) tell() {
	add := func(ok bool, text string, args ...any) {
		if ok {
			r.Facts = append(r.Facts, fmt.Sprintf(text, args...))
		}
	}
	add(causeWords[r.Cause] != "", "%s", causeWords[r.Cause])
	add(r.Took > 0, "took %s", tookWords(r.Took))
	add(r.Status > 0, "HTTP %d", r.Status)
	add(r.Generation > 0 && !r.Failed() && !r.ExpiresAt.IsZero(), "token %d, good for %s", r.Generation, spanWords(r.ExpiresAt.Sub(r.At)))
	add(r.Generation > 0 && !r.Failed() && r.ExpiresAt.IsZero() && r.TokenType != "", "token %d, with no known end", r.Generation)
	add(r.Rotated, "with a new refresh token")
	add(r.Presented > 1, "the refresh token was presented %s", plural(r.Presented, "time"))
	add(r.What == connection.ConsentBegun, "%s", outcomeWords(r.Outcome))
}

func outcomeWords(outcome string) string {
	switch outcome {
	case "":
		return "not ended"
	case connection.OutcomeDone:
		return "ended in a token"
	}
	return "ended: " + outcome
}

func tookWords(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(max(1, d.Milliseconds()), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// spanWords says a length of time in its greatest unit.
func spanWords(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int((d + unit.size/20) / unit.size); n > 0 {
			return plural(n, unit.name)
		}
	}
	return plural(int(d.Round(time.Second)/time.Second), "second")
}

// The layers of an exchange.
const (
	layerRequest = "request"
	layerReach   = "reach"
	layerAnswer  = "answer"
	layerNew     = "new_token"
)

// exchangeLayers tells an exchange layer by layer: could the request be made, was the provider reached, what did it say, what
// came of it. host is the provider's.
func exchangeLayers(p connection.Past, host string) []finding.Layer {
	host = cmp.Or(p.Endpoint, host, "the provider")
	layers := []finding.Layer{
		{Name: layerRequest, Status: finding.OK, Message: "the request was made of the definition and the fields"},
		{Name: layerReach, Status: finding.OK, Message: host + " answered" + tookClause(p)},
		{Name: layerAnswer, Status: finding.OK, Message: "it gave a token", HTTP: p.Status},
		{Name: layerNew, Status: finding.OK, Message: tokenClause(p)},
	}
	if !p.Failed() {
		return layers
	}
	failed := 2
	switch {
	case p.Code == exchange.CannotSend || p.Code == "not_renewable":
		failed = 0
		layers[0].Message = "the request could not be made: " + cmp.Or(p.Description, p.Code)
	case p.Status == 0 && p.Class == exchange.ProviderDown.String():
		failed = 1
		layers[1].Message = host + " could not be reached, or did not answer in time"
	default:
		layers[2].Message = classWords[p.Class]
	}
	at := &layers[failed]
	at.Status, at.HTTP, at.Code, at.Description = finding.Failed, p.Status, p.Code, p.Description
	if p.Validation != "" {
		at.Message = "its answer fails the check “" + p.Validation + "” of the definition"
	}
	if advice, ok := classAdvice[p.Class]; ok && failed > 0 {
		at.Advice = []finding.Advice{advice}
	}
	for i := failed + 1; i < len(layers); i++ {
		layers[i] = finding.Layer{Name: layers[i].Name, Status: finding.Skipped, Message: "not come to"}
	}
	return layers
}

func tookClause(p connection.Past) string {
	if p.Took == 0 {
		return ""
	}
	return " within " + tookWords(p.Took)
}

func tokenClause(p connection.Past) string {
	text := "token " + strconv.FormatInt(p.Generation, 10) + ", " + cmp.Or(p.TokenType, "Bearer")
	if p.Scope != "" {
		text += ", scope “" + p.Scope + "”"
	}
	if p.ExpiresAt.IsZero() {
		text += ", with no known end"
	} else {
		text += ", good for " + spanWords(p.ExpiresAt.Sub(p.At))
	}
	if p.Rotated {
		text += "; the provider gave a new refresh token too"
	}
	return text
}

// classWords say what a class of failure means, classAdvice what to do.
var (
	classWords = map[string]string{
		"grant_dead": "it says that the grant is no longer valid", "client_dead": "it does not accept the client’s id or secret",
		"denied": "it understood, and said no", "provider_down": "it is unable to answer now", "bad_response": "its answer can’t be used",
	}
	classAdvice = map[string]finding.Advice{
		"grant_dead":    finding.Change("authorize the connection again: only its customer can give another grant", ""),
		"client_dead":   finding.Change("compare client id and secret with the provider’s console", "in the definition, or in the connection’s fields"),
		"provider_down": finding.Change("nothing: it is tried again, less and less often", "the provider’s own status page may say more"),
		"bad_response":  finding.Change("compare the definition with what the provider sends", "try the definition in its editor"),
		"denied":        finding.Change("look at the provider’s own words", ""),
	}
)

// pastOfFailure makes of a failure what the history would have told, for one that stored nothing.
func pastOfFailure(f *exchange.Failure, at time.Time) connection.Past {
	return connection.Past{
		At: at, Class: f.Kind.String(), Code: f.Code, Description: f.Description, Status: f.Status, Endpoint: f.Endpoint, Validation: f.Validation,
	}
}

// Who says who did something, "the keeper" for nobody.
func (r *pastRow) Who() string { return strings.TrimSpace(cmp.Or(r.By, "the keeper")) }
