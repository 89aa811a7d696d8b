package web

import (
	"net/http"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/mail"
)

// Mailing is how people are told by mail.
type Mailing struct {
	Post *mail.Post
	// Server and From are as configured, To the recipients; Digest says when the daily one goes out.
	Server, From string
	To           []string
	Digest       string
	Interval     time.Duration
}

func (v *visit) mailRow() settingRow {
	row := settingRow{Name: "Mail", Path: placeSettings + "/mail", About: "Tells people what they have to act on.", Says: "not set up"}
	if v.Mail == nil {
		return row
	}
	status, err := v.Mail.Post.Status(v.r.Context())
	if err != nil {
		return row
	}
	row.Says, row.Tone = "to "+countWords(len(v.Mail.To), "recipient", "recipients"), "good"
	if len(undelivered(status.Recent)) > 0 {
		row.Says, row.Tone = "the last mail was not sent", "bad"
	}
	return row
}

// mailLine is a mail as the page shows it.
type mailLine struct {
	mail.Standing
	Word, Tone, What string
}

// mailState shows how mail stands, and sends a test.
func (v *visit) mailState() error {
	if err := v.wholeInstallation(); err != nil {
		return err
	}
	if v.Mail == nil {
		if v.r.Method == http.MethodPost {
			return missingMail()
		}
		return v.show(http.StatusOK, "settings_no_mail", "Mail", nil)
	}
	if v.r.Method == http.MethodPost {
		return v.mailTry()
	}
	status, err := v.Mail.Post.Status(v.r.Context())
	if err != nil {
		return err
	}
	view := struct {
		Facts   []fact
		Waiting time.Time
		Rows    []mailLine
		Test    *form
	}{Waiting: status.Waiting, Test: v.form(placeSettings+"/mail", "Send a test mail")}
	view.Facts = []fact{{"Server", v.Mail.Server, false}, {"From", v.Mail.From, false}, {"To", strings.Join(v.Mail.To, ", "), false}, {"Digest", v.Mail.Digest, false}, {"Alerts", "at least " + v.Mail.Interval.String() + " apart", false}}
	for _, m := range status.Recent {
		line := mailLine{Standing: m, What: map[mail.Kind]string{mail.Alert: "Alert", mail.Digest: "Digest"}[m.Kind], Word: string(m.State)}
		switch m.State {
		case mail.Sent:
			line.Tone = "good"
		case mail.Failed:
			line.Tone = "bad"
		case mail.Pending:
			line.Word, line.Tone = "on its way", "warn"
		case mail.Unneeded:
			line.Word = "nothing to say"
		}
		view.Rows = append(view.Rows, line)
	}
	return v.show(http.StatusOK, "settings_mail", "Mail", &view)
}

func missingMail() error {
	var problems finding.Problems
	problems.Wrong("", "no mail server is configured", "set mail.host, mail.from and mail.to, and restart the server")
	return problems
}

func (v *visit) mailTry() error {
	refused, err := v.Mail.Post.Try(v.r.Context())
	if err != nil {
		var problems finding.Problems
		problems.Wrong("", "the mail server did not take it: "+err.Error(), "compare mail.host, mail.port, mail.tls and the account with what the server wants")
		return problems
	}
	if len(refused) > 0 {
		setFlash(v.w, v.r, flash{"warn", "A test mail was sent, but the server refused " + strings.Join(refused, ", ") + "."})
		return v.to(placeSettings + "/mail")
	}
	return v.done(placeSettings+"/mail", "A test mail was sent to "+strings.Join(v.Mail.To, ", ")+".")
}
