package gateway_test

import (
	"testing"

	"latchkey/internal/finding"
	"latchkey/internal/gateway"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		body, code, message string
		ok                  bool
	}{
		"api key":   {`{"error_code":"403003","message":"Api Key is invalid"}`, gateway.KeyInvalid, "Api Key is invalid", true},
		"path":      {`{"code":500,"message":"Oops. Something went wrong. Check your URI and try again."}`, "500", "Oops. Something went wrong. Check your URI and try again.", true},
		"Target":    {`{"httpStatus":406,"requestId":"1","errors":[{"errorCode":"Unsupported.Feature","message":"Unsupported features detected"}]}`, "", "", false},
		"Analytics": {`{"errorCode":"unauthorized","errorDescription":"no"}`, "", "", false},
		"a page":    {`<html>`, "", "", false},
		"nothing":   {``, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			code, message, ok := gateway.Read([]byte(c.body))
			if code != c.code || message != c.message || ok != c.ok {
				t.Errorf("got %q, %q, %v", code, message, ok)
			}
		})
	}
}

func TestEveryCodeIsExplained(t *testing.T) {
	for _, code := range []string{
		gateway.TokenMissing, gateway.TokenNotValid, gateway.KeyRequired, gateway.KeyInvalid, gateway.ProfileAbsent, gateway.ProfileInvalid, gateway.TooManyRequests,
	} {
		found, ok := finding.Explain(finding.Refusal{Code: code}, gateway.Rows())
		if !ok || found.Means == "" || len(found.Advice) == 0 {
			t.Errorf("%s is not explained: %+v", code, found)
		}
	}
}
