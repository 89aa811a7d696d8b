package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"latchkey/internal/access"
	"latchkey/internal/destination"
	"latchkey/internal/secret"
)

// DefinitionComparison is what a document would change of a definition.
type DefinitionComparison struct {
	Revision    int          `json:"revision" doc:"The revision that was compared with." example:"3"`
	Differences []Difference `json:"differences" nullable:"false" doc:"The smallest values that differ; none when both say the same."`
}

// Difference is one value that two documents have differently.
type Difference struct {
	Pointer string `json:"pointer" doc:"Its JSON pointer." example:"/authentication/accessTokenUrl"`
	Before  string `json:"before,omitempty" doc:"The value as JSON, masked; left out where there is none."`
	After   string `json:"after,omitempty" doc:"The new value as JSON, masked; left out where there is none."`
	Secret  bool   `json:"secret,omitempty" doc:"A secret is another one, which the masks don't show."`
}

// SecretComparison tells whether a secret is the stored one.
type SecretComparison struct {
	Same bool `json:"same"`
}

// IMSSecret is a client secret to compare.
type IMSSecret struct {
	ClientSecret string `json:"client_secret" doc:"What is to be compared with the stored one."`
}

// CloudServiceSecret is a secret to compare.
type CloudServiceSecret struct {
	Secret string `json:"secret" doc:"What is to be compared with the stored one."`
}

type (
	compareDefinition struct {
		DefinitionRef
		Revision int `query:"revision" minimum:"0" doc:"The revision to compare with; the newest one without it."`
		body[any]
	}
	compareRevisions struct {
		DefinitionRef
		From int `query:"from" minimum:"0" doc:"The older revision's number; the newest one without it."`
		To   int `query:"to" minimum:"0" doc:"The newer revision's number; the newest one without it."`
	}
	compareIMS struct {
		IMSRef
		body[IMSSecret]
	}
	compareCloudService struct {
		CloudServiceRef
		body[CloudServiceSecret]
	}
)

const comparisonAnswer = `{"revision": 3, "differences": [{"pointer": "/authentication/scope/1", "before": "\"read\"", "after": "\"write\""}]}`

// compareRoutes tell what a change would be before it is made: for configuration that is kept in files, secrets included.
func (s *server) compareRoutes(h huma.API) {
	const definition = apiPrefix + "/definitions/{ref}/compare"
	const guess = " It tells whether a secret is guessed right, so it takes the right to change it."
	add(s, h, operation{id: "compare-definition", method: http.MethodPost, path: definition, tag: "Definitions",
		summary: "Compare a document with a revision", description: "Says what storing the document would change, and stores nothing. A mask stands for the stored secret." + guess,
		scope: access.DefinitionsWrite, schema: documentSchema(), asks: definitionExample, answers: comparisonAnswer, fails: []*Kind{kindDefinition, kindNotFound}}, s.compareDefinition)
	add(s, h, operation{id: "compare-revisions", method: http.MethodGet, path: definition, tag: "Definitions",
		summary: "Compare two revisions", description: "By what they say, not by how it is laid out. Secrets are compared and not shown.",
		scope: access.DefinitionsRead, answers: comparisonAnswer, fails: []*Kind{kindNotFound}}, s.compareRevisions)
	add(s, h, operation{id: "compare-ims-configuration", method: http.MethodPost, path: imsPath + "/{ref}/compare", tag: "IMS configurations",
		summary: "Compare a client secret", description: "With the stored one." + guess, scope: access.ConnectionsWrite,
		asks: `{"client_secret": "p8e-…"}`, answers: `{"same": true}`, fails: []*Kind{kindNotFound}}, s.compareIMS)
	add(s, h, operation{id: "compare-cloud-service", method: http.MethodPost, path: cloudServicesPath + "/{ref}/compare", tag: cloudServiceTag,
		summary: "Compare a secret", description: "With the stored one." + guess, scope: access.ConnectionsWrite,
		asks: `{"secret": "the shared secret"}`, answers: `{"same": true}`, fails: []*Kind{kindNotFound}}, s.compareCloudService)
}

func (s *server) compareDefinition(ctx context.Context, c call, in *compareDefinition) (*reply[DefinitionComparison], error) {
	document, err := readDefinition(in.RawBody)
	if err != nil {
		return nil, err
	}
	number, found, err := s.Definitions.Compare(ctx, c.caller, in.in(c), in.Revision, document)
	return answerComparison(number, found, err)
}

func (s *server) compareRevisions(ctx context.Context, c call, in *compareRevisions) (*reply[DefinitionComparison], error) {
	number, found, err := s.Definitions.CompareRevisions(ctx, c.caller, in.in(c), in.From, in.To)
	return answerComparison(number, found, err)
}

func answerComparison(number int, found []destination.Difference, err error) (*reply[DefinitionComparison], error) {
	if err != nil {
		return nil, err
	}
	return &reply[DefinitionComparison]{DefinitionComparison{number, mapped(found, func(d destination.Difference) Difference { return Difference(d) })}}, nil
}

func (s *server) compareIMS(ctx context.Context, c call, in *compareIMS) (*reply[SecretComparison], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	same, err := s.IMS.HasSecret(ctx, c.caller, in.in(c), secret.New(ask.ClientSecret))
	if err != nil {
		return nil, err
	}
	return &reply[SecretComparison]{SecretComparison{same}}, nil
}

func (s *server) compareCloudService(ctx context.Context, c call, in *compareCloudService) (*reply[SecretComparison], error) {
	ask, err := in.read()
	if err != nil {
		return nil, err
	}
	same, err := s.CloudServices.HasSecret(ctx, c.caller, in.in(c), secret.New(ask.Secret))
	if err != nil {
		return nil, err
	}
	return &reply[SecretComparison]{SecretComparison{same}}, nil
}
