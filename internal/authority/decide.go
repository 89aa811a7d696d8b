package authority

import (
	"net/http"
	"strings"

	"latchkey/internal/decision"
	"latchkey/internal/project"
	"latchkey/internal/secret"
)

// decide gives a refusal to the decision log. What is the server's own trouble has been logged as such.
func (x *exchange) decide(f *fault) {
	if f.code == "not_found" || f.status >= http.StatusInternalServerError {
		return
	}
	d := decision.Decision{
		ClientID: x.client, Grant: x.grant, Path: plainPath(x.r.URL.Path), Code: f.code, Says: f.says, Reasons: decision.Reasons(f.why),
		Place: x.address(), Agent: x.r.UserAgent(), DebugIDs: []string{x.debug},
	}
	if x.client == "" { // it was refused before anybody asked who the client is
		x.known, _ = x.config.Clients.Client(x.r.Context(), x.sent.get("client_id"))
	}
	if x.known != nil {
		d.Organization, d.Credential, d.ClientID = x.known.Organization, x.known.Credential, x.known.ClientID
		if x.config.Counted != nil {
			x.config.Counted(d.Organization, false)
		}
	}
	for _, name := range confidential {
		d.Hide = append(d.Hide, x.sent.values[name]...)
	}
	x.config.Decisions.Refused(x.r.Context(), d)
}

// confidential are the parameters whose values nothing may repeat, wherever else a client has put them.
var confidential = []string{
	"client_secret", "jwt_token", "client_assertion", "assertion", "subject_token", "actor_token", "token", "access_token", "refresh_token", "code",
	"code_verifier", "user_token", "bearer_token", "id_token_hint", "password",
}

// triedSecrets says for the decision log what a wrong secret was compared with, and whether it is right but for what often
// goes wrong on its way through a file or a variable. The caller is not told: it would make guessing easier.
func (x *exchange) triedSecrets(client *project.Client, presented string) []any {
	var tried []string
	for _, s := range client.Secrets {
		tried = append(tried, s.UUID)
	}
	why := []any{"uuids_tried", tried}
	for _, mistake := range []struct{ without, fix string }{
		{strings.TrimSpace(presented), "take the white space away that stands before or behind the secret: without it, it is right"},
		{strings.Trim(strings.TrimSpace(presented), `"'`), "take the quotes away that stand around the secret: without them, it is right"},
	} {
		if mistake.without == presented || mistake.without == "" {
			continue
		}
		if _, ok := x.config.Clients.CheckSecret(client, secret.New(mistake.without)); ok {
			return append(why, "fix", mistake.fix)
		}
	}
	return why
}
