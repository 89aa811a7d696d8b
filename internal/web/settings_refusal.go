package web

import (
	"errors"
	"net/http"

	"latchkey/internal/decision"
)

// refusalRow is why a token was refused, as the list shows it.
type refusalRow struct {
	decision.Decision
	Path, Name, Advice string
}

// refusalList shows why clients got no token: all of the organization, those of one credential, or the one of a debug id.
func (v *visit) refusalList() error {
	query := v.r.URL.Query()
	debug, credential := query.Get("debug_id"), query.Get("credential")
	view := struct {
		Rows              []refusalRow
		Debug, Credential string
		Pager             pager
	}{Debug: debug, Credential: credential}
	var found []decision.Decision
	var err error
	switch {
	case debug != "":
		var one decision.Decision
		if one, err = v.Decisions.Explain(v.r.Context(), v.caller, debug); err == nil {
			found = append(found, one)
		} else if errors.Is(err, decision.ErrUnknown) {
			err = nil
		}
	case credential != "":
		found, err = v.Decisions.Of(v.r.Context(), v.caller, credential, v.cursor(), deliveryPage+1)
	default:
		found, err = v.Decisions.All(v.r.Context(), v.caller, v.cursor(), deliveryPage+1)
	}
	if err != nil {
		return err
	}
	next := ""
	if len(found) > deliveryPage {
		found = found[:deliveryPage]
		next = found[deliveryPage-1].ID
	}
	names := map[string]refusalRow{}
	for _, d := range found {
		row, ok := names[d.Credential]
		if !ok {
			row = refusalRow{Name: d.ClientID}
			if c, err := v.Credentials.Find(v.r.Context(), v.caller, d.Credential); err == nil && d.Credential != "" {
				row.Name, row.Path = c.Name, credentialPath(&c)
			}
			names[d.Credential] = row
		}
		row.Decision, row.Advice = d, d.Advice()
		view.Rows = append(view.Rows, row)
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "settings_refusals", "Refusals", &view)
}
