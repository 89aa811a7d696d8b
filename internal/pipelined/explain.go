package pipelined

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"latchkey/internal/exchange"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/pipelined/routes"
	"latchkey/internal/pipelined/wire"
)

// The lines that the vendor's daemon or console has (spec/campaign-and-pipeline.md §3.2).
const (
	vendorNoTask    = "No task corresponds to the mask pipelined@%s"
	vendorRoutes    = "'' aurait dû commencer par `[` ou `{` (iRc=16384)"
	vendorNoToken   = "Listener: JWT Token is empty. (iRc=16384)"
	vendorLost      = "Connection seems to have been lost. Attempting to reconnect."
	vendorForbidden = "INT-150012 The HTTP query returned a 'Forbidden' type error (403) (iRc=-53)"
	vendorFunction  = "BAS-010007 Function not implemented (iRc=-55)"
)

func tokenFailure(err error) *exchange.Failure {
	failure, _ := errors.AsType[*exchange.Failure](err)
	return failure
}

// Explain gives the lines that the log has for a failure: what happened and what to do, and the line that the vendor's
// daemon has for it, so that who searches for that finds this (spec/campaign-and-pipeline.md §3.2).
func Explain(err error) []string {
	lines := []string{err.Error()}
	if problem, ok := errors.AsType[*credential.Problem](err); ok {
		return []string{problem.Error()}
	}
	if failure := tokenFailure(err); failure != nil {
		return append(lines, explainToken(failure)...)
	}
	if refused, ok := errors.AsType[*wire.Error](err); ok {
		return append(lines, explainBroker(refused)...)
	}
	if _, isRoutes := errors.AsType[*routes.Error](err); isRoutes || errors.Is(err, ErrNoRoutes) {
		return append(lines, vendorRoutes)
	}
	return lines
}

func explainToken(f *exchange.Failure) []string {
	words := strings.ToLower(f.Code + " " + f.Description)
	switch {
	case strings.Contains(words, "no longer allowed"):
		return []string{
			vendorForbidden, fmt.Sprintf("Error while authenticating: '{\"error\":%q}' (iRc=16384)", cmp.Or(f.Description, f.Code)),
			"Legacy OAuth authentication has ended for this application: move to IMS with nlserver config -setimsoauth, then latchkey pipeline migrate",
		}
	case strings.Contains(words, "signature"):
		return []string{"invalid key: the private key is not that of a certificate in the console; enter the key that belongs to it"}
	case strings.Contains(words, "subject") || strings.Contains(words, "organization") || strings.Contains(words, "bindings"):
		return []string{"the subject must be a valid organization or client: check web/redirection@IMSOrgId; an empty attribute hides a good one in serverConf.xml"}
	case strings.Contains(words, "scope"):
		return []string{"The credential lacks a scope: add the Adobe Analytics API to its project in the console"}
	case f.Kind == exchange.ProviderDown:
		return []string{"The authorization server can't be reached; the stream that is open goes on, and the next token is asked for again"}
	case f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden || f.Status == http.StatusBadRequest:
		return []string{vendorNoToken, "The client is not taken there: enter its id and its secret, or its key, as the console shows them now (nlserver config)"}
	}
	return nil
}

func explainBroker(e *wire.Error) []string {
	switch e.Status {
	case http.StatusUnauthorized:
		if e.Scheme != "" {
			return []string{"Unknown authentication mode: '" + e.Scheme + "'. (iRc=-55)", vendorFunction, "The broker does not take this token: is authType right, and is the credential's project subscribed to the pipeline?"}
		}
		return []string{"The broker does not take this token"}
	case http.StatusForbidden:
		return []string{vendorForbidden, "The credential may not consume: add the Triggers service to its project in the console"}
	case http.StatusNotFound:
		return []string{"The topic is not there: check its name in NmsPipeline_Config, and that the trigger is active"}
	case http.StatusTooManyRequests:
		return []string{"The broker asks to come back later"}
	}
	return nil
}
