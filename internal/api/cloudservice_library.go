package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
)

// ClientLibrary is an at.js or mbox.js of one's own.
type ClientLibrary struct {
	Name       string    `json:"name" example:"at.js"`
	Bytes      int       `json:"bytes" example:"104857"`
	SHA256     string    `json:"sha256"`
	Content    string    `json:"content,omitempty" doc:"Only when the library is read."`
	UploadedAt time.Time `json:"uploaded_at"`
}

// ClientLibraryUpload is a library to be kept.
type ClientLibraryUpload struct {
	Name    string `json:"name" doc:"The file's name." example:"at.js"`
	Content string `json:"content" doc:"The script, at most 512 KiB."`
}

// CloudServiceSnippet is what a page embeds.
type CloudServiceSnippet struct {
	HTML     string   `json:"html" doc:"Belongs into the page's head." example:"<script src=\"/at.js\"></script>"`
	Notes    []string `json:"notes" nullable:"false" doc:"What is worth knowing: that a library is retired, where another one comes from."`
	Requires []string `json:"requires" nullable:"false" doc:"Which versions of AEM make pages of such a setting."`
}

type uploadLibrary struct {
	CloudServiceRef
	body[ClientLibraryUpload]
}

func (s *server) libraryRoutes(h huma.API) {
	const base = cloudServiceOne + "/library"
	add(s, h, operation{id: "get-snippet", method: http.MethodGet, path: cloudServiceOne + "/snippet", tag: cloudServiceTag,
		summary: "Render what a page embeds", description: "Target's client library, as the service is set.", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound, kindState}}, s.getSnippet)
	add(s, h, operation{id: "put-client-library", method: http.MethodPut, path: base, tag: cloudServiceTag,
		summary: "Upload a client library of your own", description: "In the place of the one before. The snippet has it in it, unless the service has a library_url.", scope: access.ConnectionsWrite,
		asks: `{"name": "at.js", "content": "window.adobe = …"}`, fails: []*Kind{kindNotFound, kindState, kindTooLarge}}, s.putLibrary)
	add(s, h, operation{id: "get-client-library", method: http.MethodGet, path: base, tag: cloudServiceTag,
		summary: "Read the client library that was uploaded", scope: access.ConnectionsRead, fails: []*Kind{kindNotFound, kindState}}, s.getLibrary)
	add(s, h, operation{id: "delete-client-library", method: http.MethodDelete, path: base, tag: cloudServiceTag, status: http.StatusNoContent,
		summary: "Remove the client library that was uploaded", scope: access.ConnectionsWrite, fails: []*Kind{kindNotFound, kindState}}, s.deleteLibrary)
}

func (s *server) getSnippet(ctx context.Context, c call, in *CloudServiceRef) (*reply[CloudServiceSnippet], error) {
	made, err := s.CloudServices.Snippet(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[CloudServiceSnippet]{CloudServiceSnippet{made.HTML, listed(made.Notes), listed(made.Requires)}}, nil
}

func (s *server) putLibrary(ctx context.Context, c call, in *uploadLibrary) (*reply[ClientLibrary], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	kept, err := s.CloudServices.UploadLibrary(ctx, c.caller, in.in(c), ask.Name, ask.Content)
	if err != nil {
		return nil, err
	}
	out := shownLibrary(kept)
	out.Content = ""
	return &reply[ClientLibrary]{out}, nil
}

func (s *server) getLibrary(ctx context.Context, c call, in *CloudServiceRef) (*reply[ClientLibrary], error) {
	kept, err := s.CloudServices.OwnLibrary(ctx, c.caller, in.in(c))
	if err != nil {
		return nil, err
	}
	return &reply[ClientLibrary]{shownLibrary(kept)}, nil
}

func (s *server) deleteLibrary(ctx context.Context, c call, in *CloudServiceRef) (*done, error) {
	return nil, s.CloudServices.RemoveLibrary(ctx, c.caller, in.in(c))
}

func shownLibrary(l cloudservice.OwnLibrary) ClientLibrary {
	return ClientLibrary{l.Name, len(l.Content), l.Hash, l.Content, *stamp(l.UploadedAt)}
}
