package web

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"latchkey/internal/access"
	"latchkey/internal/authority"
	"latchkey/internal/calendar"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/connectlink"
	"latchkey/internal/destination"
	"latchkey/internal/eventlog"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
	"latchkey/internal/pipeline"
	"latchkey/internal/pipelined/fleet"
	"latchkey/internal/project"
	"latchkey/internal/provider"
	"latchkey/internal/registry"
	"latchkey/internal/revocation"
	"latchkey/internal/webhook"
)

// This file says in words what the rooms refuse: at the place in the form where it can be mended, else on a page.

// known says what errors mean. Those of status 409 that have a pointer are shown in the form.
var known = []struct {
	err     error
	status  int
	pointer string
	message string
	fix     string
}{
	{ims.ErrNotFound, http.StatusNotFound, "", "There is no such IMS configuration or certificate in this sandbox", ""},
	{cloudservice.ErrNotFound, http.StatusNotFound, "", "There is no such cloud service in this sandbox", ""},
	{cloudservice.ErrNoOffer, http.StatusNotFound, "", "No offer of that name was pushed from here", ""},
	{cloudservice.ErrNoFramework, http.StatusNotFound, "", "There is no such framework of this cloud service", ""},
	{cloudservice.ErrNoLibrary, http.StatusNotFound, "", "No client library of your own was uploaded", ""},
	{errNoAudience, http.StatusNotFound, "", "There is no such audience among those that were synced", ""},
	{pipeline.ErrNoEvent, http.StatusNotFound, "", "There is no such event any more, or not yet", ""},
	{pipeline.ErrNotFound, http.StatusNotFound, "", "There is no such topic in this organization", ""},
	{eventlog.ErrNoGroup, http.StatusNotFound, "", "There is no such consumer group of the topic", ""},
	{fleet.ErrNotFound, http.StatusNotFound, "", "No daemon of that instance has told of itself", ""},
	{pipeline.ErrTaken, http.StatusConflict, "/name", "there is a topic of that name already", "choose another"},
	{pipeline.ErrConflict, http.StatusConflict, formPointer, "somebody else changed it meanwhile", "open it anew, and try again"},
	{pipeline.ErrOff, http.StatusConflict, formPointer, "the pipeline is off on this server", "the operator sets pipeline.log or pipeline.nats_url"},
	{eventlog.ErrFull, http.StatusConflict, formPointer, "the event log has no room", "the operator makes room, or lets topics keep less"},
	{eventlog.ErrUnavailable, http.StatusConflict, formPointer, "the event log can’t be reached now", "try again in a minute"},
	{project.ErrNotFound, http.StatusNotFound, "", "There is no such project or credential in this organization", ""},
	{calendar.ErrNotFound, http.StatusNotFound, "", "There is no such calendar address, or it is not yours", ""},
	{connectlink.ErrUnknown, http.StatusNotFound, "", "There is no such connect link in this sandbox", ""},
	{connection.ErrNotFound, http.StatusNotFound, "", "There is no such connection in this sandbox", ""},
	{registry.ErrNotFound, http.StatusNotFound, "", "There is no such user, sandbox, session or key in this organization", ""},
	{webhook.ErrNotFound, http.StatusNotFound, "", "There is no such webhook endpoint", ""},
	{webhook.ErrEventNotFound, http.StatusNotFound, "", "There is no such event for this endpoint", ""},
	{provider.ErrNotFound, http.StatusNotFound, "", "There is no such provider that the organization calls", ""},
	{revocation.ErrNotFound, http.StatusNotFound, "", "There is no such revocation", ""},
	{webhook.ErrConflict, http.StatusConflict, formPointer, "somebody else changed it meanwhile", "open it anew, and try again"},
	{webhook.ErrDisabled, http.StatusConflict, formPointer, "the endpoint is paused or disabled", "resume it first"},
	{revocation.ErrState, http.StatusConflict, formPointer, "the grant is revoked already, or there is no way to revoke it", "there is nothing to try again"},
	{authority.ErrKeyWaits, http.StatusConflict, formPointer, "the next keys are published already, and sign in time", "wait for them, or rotate at once"},
	{authority.ErrNoConsent, http.StatusNotFound, "", "There is no such consent", ""},
	{registry.ErrNameTaken, http.StatusConflict, "/name", "the organization has one of that name or address", "choose another"},
	{registry.ErrConflict, http.StatusConflict, formPointer, "somebody else changed it meanwhile", "open it anew, and try again"},
	{registry.ErrInUse, http.StatusConflict, formPointer, "there are connections or definitions in it", "delete or move those first"},
	{destination.ErrNotFound, http.StatusNotFound, "", "There is no such definition or revision in this sandbox", ""},
	{destination.ErrConflict, http.StatusConflict, formPointer, "somebody else changed it meanwhile", "open it anew, and try again"},
	{ims.ErrNameTaken, http.StatusConflict, "/name", "another IMS configuration or certificate of this sandbox has that name", "choose another"},
	{cloudservice.ErrNameTaken, http.StatusConflict, "/name", "another cloud service of this sandbox has that name", "choose another"},
	{cloudservice.ErrFrameworkTaken, http.StatusConflict, "/name", "another framework of the cloud service has that name", "choose another"},
	{project.ErrNameTaken, http.StatusConflict, "/name", "the organization has one of that name", "choose another"},
	{cloudservice.ErrNoConfiguration, http.StatusConflict, "/ims_configuration", "the IMS configuration that it names is gone", "choose another"},
	{ims.ErrConflict, http.StatusConflict, "", "somebody else changed it meanwhile", "open it anew, and try again"},
	{cloudservice.ErrConflict, http.StatusConflict, "", "somebody else changed it meanwhile", "open it anew, and try again"},
	{project.ErrConflict, http.StatusConflict, "", "somebody else changed it meanwhile", "open it anew, and try again"},
	{ims.ErrServes, http.StatusConflict, "", "a cloud service uses it", "let that name another IMS configuration, or delete it first"},
	{ims.ErrInUse, http.StatusConflict, "", "it signs, or an IMS configuration names it", "switch to another version first, or let the configuration name another certificate"},
	{cloudservice.ErrInUse, http.StatusConflict, "", "another cloud service names it", "let that name another first"},
	{ims.ErrState, http.StatusConflict, "", "that does not fit its state", "open it anew: the page says what is missing or under way"},
	{cloudservice.ErrState, http.StatusConflict, "", "that does not fit its state", "open it anew: the page says what is missing"},
}

// formPointer is the form as a whole, for errors that say beside what they stand for nothing but what was being done.
const formPointer = "/"

// told gives what is wrong in words that a form can show; not ok for what a form can't mend.
func told(err error) (finding.Problems, bool) {
	if problems, ok := errors.AsType[finding.Problems](err); ok {
		return problems, true
	}
	var out finding.Problems
	if all, ok := errors.AsType[destination.Problems](err); ok {
		out = fieldProblems(all...)
	} else if e, ok := errors.AsType[*destination.InUseError](err); ok {
		out.Wrong("", e.Error(), inUseFix(e))
	} else if e, ok := errors.AsType[*project.InvalidError](err); ok {
		out.Wrong(e.Pointer, e.Message, e.Fix)
	} else if e, ok := errors.AsType[*calendar.InvalidError](err); ok {
		out.Wrong(e.Pointer, e.Message, e.Fix)
	} else if e, ok := errors.AsType[*registry.InvalidError](err); ok {
		out.Wrong(e.Pointer, e.Message, e.Fix)
	} else if e, ok := errors.AsType[*webhook.InvalidError](err); ok {
		out.Wrong(e.Pointer, e.Message, e.Fix)
	} else if e, ok := errors.AsType[*project.QuotaError](err); ok {
		out.Wrong("", e.Error(), "delete one that is not used any more")
	} else if e, ok := errors.AsType[*project.InUseError](err); ok {
		out.Wrong("", e.What, e.Fix)
	} else if e, ok := errors.AsType[*project.MigratingError](err); ok {
		out.Wrong("", e.Message, e.Fix)
	} else if e, ok := errors.AsType[*project.UnavailableError](err); ok {
		for _, reason := range e.Reasons {
			out.Wrong("/service", reason.Words(), "")
		}
	} else if e, ok := errors.AsType[*pipeline.InvalidError](err); ok {
		out.Wrong(e.Pointer, e.Message, e.Fix)
	} else if e, ok := errors.AsType[*pipeline.TooLargeError](err); ok {
		out.Wrong("/value", e.Error(), "send less")
	} else if e, ok := errors.AsType[*fleet.InvalidError](err); ok {
		out.Wrong(e.Pointer, e.Message, e.Fix)
	} else if e, ok := errors.AsType[*cloudservice.PageTakenError](err); ok {
		out.Wrong("/pages", e.Error(), "take it off there first")
	} else if e, ok := errors.AsType[*cloudservice.RefusedError](err); ok {
		out.Wrong("", "the product refused: "+e.Layer.Message, adviceText(&e.Layer))
	} else if e, ok := errors.AsType[*connection.ProviderError](err); ok {
		out.Wrong("", "the authorization server refused, and nothing was changed: "+refusalText(e), "compare the values with the console, and try again; Check Health explains what refusals mean")
	} else if text, fix := connectionState(err); text != "" {
		out.Wrong("", text, fix)
	} else {
		for _, row := range known {
			if errors.Is(err, row.err) && row.status == http.StatusConflict {
				words := row.message
				if row.pointer == "" { // of a name that is taken the error says but what was being done
					words = ownWords(err, row.err, row.message)
				}
				out.Wrong(row.pointer, words, row.fix)
				break
			}
		}
	}
	return out, len(out) > 0
}

// fieldProblems gives a form's problems of those of a definition.
func fieldProblems(all ...destination.Problem) finding.Problems {
	var out finding.Problems
	for _, p := range all {
		out.Wrong(p.Pointer, p.Message, p.Fix)
	}
	return out
}

// inUseFix says what to do before a definition can be deleted.
func inUseFix(e *destination.InUseError) string {
	if e.Connections == 0 {
		return "wait until they are revoked, or look at what keeps them from it"
	}
	return "delete the connections first"
}

// ownWords gives what an error says itself before what it stands for, else the words of the table.
func ownWords(err, stands error, otherwise string) string {
	if text, ok := strings.CutSuffix(err.Error(), ": "+stands.Error()); ok && text != "" {
		return text
	}
	return otherwise
}

func refusalText(e *connection.ProviderError) string {
	text := cmp.Or(e.Failure.Code, e.Failure.Kind.String())
	if e.Failure.Description != "" {
		text += ", “" + e.Failure.Description + "”"
	}
	return text
}

// refuse writes the page of an error.
func (v *visit) refuse(err error) {
	if denied, ok := errors.AsType[*access.DeniedError](err); ok {
		v.message(v.w, v.r, v.deniedPage(denied).on(v.here))
		return
	}
	for _, row := range known {
		if errors.Is(err, row.err) && row.status == http.StatusNotFound {
			if v.elsewhere(row.message) {
				return
			}
			v.message(v.w, v.r, message{
				Status: row.status, Tone: "warn", Title: row.message,
				Text: []string{"It may have been deleted or renamed meanwhile, or it is in another sandbox or organization."}, Link: v.here, LinkText: "To the list", Here: v.here,
			})
			return
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		v.message(v.w, v.r, message{Status: http.StatusRequestEntityTooLarge, Tone: "warn", Title: "That is too large",
			Text: []string{"A form of this page takes 256 KiB. A certificate has some two."}, Link: v.here, LinkText: "Back"})
		return
	}
	problems, ok := told(err)
	if !ok {
		v.broken(v.w, v.r, err)
		return
	}
	m := message{Status: http.StatusConflict, Tone: "warn", Title: "That can’t be done now", Link: localPath(v.back()), LinkText: "Back"}
	for _, one := range problems {
		m.Text = append(m.Text, sentence(one.Message)+" "+sentence(one.Fix))
	}
	v.message(v.w, v.r, m)
}

// back is the page that an act was asked for on.
func (v *visit) back() string { return cmp.Or(v.r.PostFormValue("back"), v.here) }

// deniedPage says which role an act takes.
func (v *visit) deniedPage(e *access.DeniedError) message {
	m := message{
		Status: http.StatusForbidden, Tone: "warn", Title: "Your role does not allow that", Link: v.here, LinkText: "Back",
		Text: []string{"You are " + v.caller.Role.Words() + " in this organization. " + takes(e), "Nothing was changed."},
	}
	if e.Sandbox != "" {
		m.Title, m.Text = "That sandbox is not yours to see", []string{"You may use another sandbox alone."}
	}
	return m
}

// takes says what a denied act would have taken.
func takes(e *access.DeniedError) string {
	const ask = " Ask an administrator of your organization."
	switch {
	case e.Profile != "":
		return "The credential has a product profile that you are not developer of." + ask
	case e.Role != "":
		return "This takes the role " + e.Role.Words() + "." + ask
	case e.Scope == access.RegistryWrite:
		return "This takes the role " + access.Developer.Words() + "." + ask
	case e.Scope == access.ConnectionsWrite, e.Scope == access.DefinitionsWrite, e.Scope == access.Admin, e.Scope == access.AuditRead,
		e.Scope == access.PipelineConsume, e.Scope == access.PipelineProduce:
		return "This takes the role " + access.SystemAdministrator.Words() + "." + ask
	}
	return "This takes more." + ask
}
