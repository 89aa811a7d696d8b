package target_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"latchkey/internal/target"
)

// Every refusal of §2.5 is told by its layer, in words, with what to change.
func TestRefusals(t *testing.T) {
	const other = `{"httpStatus":%s,"requestId":"5f1","requestTime":"2018-02-02T21:39:06.405Z","errors":[{"errorCode":"%s","message":"%s","meta":{}}]}`
	says3 := func(status, code, message string) string {
		return strings.NewReplacer("%s,\"requestId", status+`,"requestId`, `"errorCode":"%s"`, `"errorCode":"`+code+`"`, `"message":"%s"`, `"message":"`+message+`"`).Replace(other)
	}
	for name, k := range map[string]struct {
		status       int
		body         string
		write        bool
		layer        target.Layer
		code         string
		means, where string
	}{
		"key":           {403, `{"error_code":"403003","message":"Api Key is invalid"}`, false, target.Gateway, "403003", "not subscribed to Adobe Target", "Add API"},
		"no key":        {403, `{"error_code":"403000","message":"Api Key is required"}`, false, target.Gateway, "403000", "API key", "Add API"},
		"profile":       {403, `{"error_code":"403025","message":"Profile is not valid"}`, false, target.Gateway, "403025", "no product profile of Adobe Target", "Edit product profiles"},
		"profile, 23":   {403, `{"error_code":"403023","message":"Profile is not valid"}`, false, target.Gateway, "403023", "no product profile of Adobe Target", "Edit product profiles"},
		"too often":     {429, `{"error_code":"429050","message":"Too many requests"}`, false, target.Gateway, "429050", "too often", "here"},
		"no token":      {401, `{"error_code":"401010","message":"Oauth token is missing"}`, false, target.Gateway, "401010", "no token arrived", "network"},
		"token":         {401, `{"error_code":"401013","message":"Oauth token is not valid"}`, false, target.Gateway, "401013", "does not take the token", "here"},
		"path":          {500, `{"code":500,"message":"Oops. Something went wrong. Check your URI and try again."}`, false, target.Gateway, "500", "tenant id is wrong", "--tenant-id"},
		"406":           {406, says3("406", "Unsupported.Feature", "Unsupported features detected"), false, target.Service, "Unsupported.Feature", "version that was asked for (406)", "version"},
		"407":           {407, `<html>`, false, target.Foreign, "", "proxy on the way", "configuration"},
		"reading, 403":  {403, says3("403", "Forbidden", "No"), false, target.Service, "Forbidden", "tenant is another organization's", "--tenant-id"},
		"writing, 403":  {403, says3("403", "Forbidden", "No"), true, target.Service, "Forbidden", "role is Observer", "API Credentials"},
		"401":           {401, says3("401", "Unauthorized", "No"), false, target.Service, "Unauthorized", "does not take the token", "here"},
		"404":           {404, says3("404", "NotFound.Resource", "Not found"), false, target.Service, "NotFound.Resource", "no such thing", "--tenant-id"},
		"400":           {400, says3("400", "Invalid.Argument", "name is too long"), true, target.Service, "Invalid.Argument", "can't make sense", "here"},
		"400 workspace": {400, says3("400", "Invalid.Argument", "Unknown workspace 9"), true, target.Service, "Invalid.Argument", "no such workspace", "here"},
		"409":           {409, says3("409", "Conflict", "exists"), true, target.Service, "Conflict", "there already", "here"},
		"500":           {500, says3("500", "Internal", "x"), false, target.Service, "Internal", "failed on its own side", "request id"},
		"503":           {503, ``, false, target.Foreign, "", "not available", "here"},
		"504":           {504, `<html>`, true, target.Foreign, "", "in time", "here"},
		"another":       {418, says3("418", "Tea", "x"), false, target.Service, "Tea", "not known here", "support"},
		"a page":        {403, `<html>blocked</html>`, false, target.Foreign, "", "neither like Target", "network"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := client(t, serve(t, says(k.status, k.body)).URL)
			var err error
			if k.write {
				err = c.DeleteOffer(context.Background(), account(), target.ContentOffer, 1)
			} else {
				_, err = c.Audience(context.Background(), account(), 1)
			}
			failed, ok := errors.AsType[*target.Error](err)
			if !ok || failed.Layer != k.layer || failed.Code != k.code || failed.Status != k.status || failed.Write != k.write {
				t.Fatalf("got %+v", err)
			}
			if k.layer == target.Service && failed.RequestID != "5f1" {
				t.Errorf("the request's id is %q", failed.RequestID)
			}
			found := target.Explain(failed)
			var text strings.Builder
			for _, a := range found.Advice {
				text.WriteString(a.Do + " | " + a.Where + "\n")
			}
			if !strings.Contains(found.Means, k.means) || !strings.Contains(text.String(), k.where) {
				t.Errorf("means %q, advice\n%s", found.Means, &text)
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		v := serve(t, says(200, ""))
		v.Close()
		c, _ := client(t, v.URL)
		_, err := c.Audience(context.Background(), account(), 1)
		failed, ok := errors.AsType[*target.Error](err)
		if !ok || failed.Layer != target.Network || !strings.Contains(target.Explain(failed).Means, "no answer came") {
			t.Errorf("got %+v", err)
		}
	})
}
