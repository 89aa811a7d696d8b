package web

import (
	"errors"
	"net/http"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
)

// What pages embed to be targeted, and the client library of one's own.

func (p *Pages) libraryRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + serviceOne + "/library":         (*visit).library,
		"POST " + serviceOne + "/library":        (*visit).library,
		"GET " + serviceOne + "/library/file":    (*visit).libraryFile,
		"GET " + serviceOne + "/library/snippet": (*visit).librarySnippet,
		"POST " + serviceOne + "/library/delete": (*visit).libraryDelete,
	}
}

// libraryView is the page of the client library.
type libraryView struct {
	serviceHead
	// Own is the library that was uploaded, nil without one; Size is its length.
	Own  *cloudservice.OwnLibrary
	Size string
	// Snippet is what a page embeds; Lacks says why there is none.
	Snippet cloudservice.Snippet
	Lacks   string
	// Long tells that it is too long to be shown.
	Long   bool
	Form   *form
	Remove *form
}

func (v *visit) library() error {
	head, err := v.serviceHead(cloudservice.Target, partLibrary, "upload a library, or choose another")
	if err != nil {
		return err
	}
	view := libraryView{serviceHead: head}
	status := http.StatusOK
	if head.May {
		view.Form = v.form(head.Path+"/library", "Upload", text("content", "at.js or mbox.js of your own", "", "The file that Target gave: Administration, Implementation, Download. It takes the place of the one before.").of(fileInput).needed())
		view.Form.Upload = true
	}
	if v.r.Method == http.MethodPost {
		if err := v.caller.Require(access.ConnectionsWrite); err != nil {
			return err
		}
		name, content, problems := v.fileText("content")
		if err = problems.Errors(); err == nil {
			_, err = v.CloudServices.UploadLibrary(v.r.Context(), v.caller, v.serviceRef(), name, content)
		}
		problems, refused := told(err)
		switch {
		case err == nil:
			return v.done(head.Path+"/library", "The library "+name+" was uploaded.")
		case !refused:
			return err
		}
		for i := range problems {
			problems[i].Pointer = "/content"
		}
		view.Form.put(problems)
		status = http.StatusUnprocessableEntity
	}
	own, err := v.CloudServices.OwnLibrary(v.r.Context(), v.caller, v.serviceRef())
	switch {
	case err == nil:
		view.Own, view.Size = &own, bytesWords(int64(len(own.Content)))
		if head.May {
			view.Remove = v.form(head.Path+"/library/delete", "Remove it")
			view.Remove.Cancel = "quiet" // not the page's first act
		}
	case !errors.Is(err, cloudservice.ErrNoLibrary):
		return err
	}
	view.Snippet, err = v.CloudServices.Snippet(v.r.Context(), v.caller, v.serviceRef())
	if problems, ok := told(err); ok {
		view.Lacks = sentence(problems[0].Message)
	} else if err != nil {
		return err
	}
	view.Long = len(view.Snippet.HTML) > prettyShown
	return v.show(status, "service_library", "Client library of "+head.Title, &view)
}

func (v *visit) libraryFile() error {
	own, err := v.CloudServices.OwnLibrary(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	return v.attach(own.Name, "text/javascript; charset=utf-8", own.Content)
}

// librarySnippet gives the snippet as a file: one that has the library in it is too long for a page.
func (v *visit) librarySnippet() error {
	snippet, err := v.CloudServices.Snippet(v.r.Context(), v.caller, v.serviceRef())
	if err != nil {
		return err
	}
	return v.attach("snippet.html", "text/plain; charset=utf-8", snippet.HTML)
}

func (v *visit) libraryDelete() error {
	head, err := v.serviceHead(cloudservice.Target, partLibrary, "")
	if err != nil {
		return err
	}
	if err := v.CloudServices.RemoveLibrary(v.r.Context(), v.caller, v.serviceRef()); err != nil {
		return err
	}
	return v.done(head.Path+"/library", "The library of your own was removed; pages get what the settings say.")
}
