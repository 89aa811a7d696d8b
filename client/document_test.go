package client_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey/client"
)

// others lists operations of the document that no method of a Client stands for, with the reason.
var others = map[string]string{}

// TestDocument holds the methods of [client.Client] against the OpenAPI document: each operation has a method, and no method
// calls what the document does not have. The methods are called by reflection, with something in each argument.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "internal", "api", "testdata", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	called := calledByAll(t)
	for path, operations := range document.Paths {
		for method, operation := range operations {
			method = strings.ToUpper(method)
			if !strings.HasPrefix(path, "/api/v1") || method == http.MethodHead {
				continue
			}
			line := method + " " + path
			found := slices.ContainsFunc(called, func(c string) bool { return matches(line, c) })
			switch _, exempt := others[line]; {
			case !found && !exempt:
				t.Errorf("no method calls %s (%s): write one, or give it a line in the table of this test", line, operation.OperationID)
			case found && exempt:
				t.Errorf("a method calls %s; take its line out of the table of this test", line)
			}
		}
	}
	for _, c := range called {
		method, _, _ := strings.Cut(c, " ")
		known := false
		for path, operations := range document.Paths {
			_, has := operations[strings.ToLower(method)]
			known = known || has && matches(method+" "+path, c)
		}
		if !known {
			t.Errorf("%s is called, and is not in the document", c)
		}
	}
}

// matches holds a path against a template of the document.
func matches(template, called string) bool {
	want, got := strings.Split(template, "/"), strings.Split(called, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if !strings.HasPrefix(want[i], "{") && want[i] != got[i] {
			return false
		}
	}
	return true
}

// calledByAll gives method and path of what the methods of a Client call.
func calledByAll(t *testing.T) []string {
	t.Helper()
	var mu sync.Mutex
	var called []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v1") { // the pipeline has a document of its own
			mu.Lock()
			called = append(called, r.Method+" "+r.URL.Path)
			mu.Unlock()
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{}`)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(client.Config{URL: server.URL, Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	value := reflect.ValueOf(c)
	for i := range 2 * value.NumMethod() { // each with the number 0, then with 1
		method := value.Method(i / 2)
		for _, out := range method.Call(argumentsOf(t, value.Type().Method(i/2).Name, method.Type(), int64(i%2))) {
			if out.Kind() == reflect.Func && !out.IsNil() && out.Type().CanSeq2() {
				for range out.Seq2() {
					break
				}
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(called)
	return slices.Compact(called)
}

// argumentsOf makes an argument of each kind that methods take.
func argumentsOf(t *testing.T, name string, of reflect.Type, number int64) []reflect.Value {
	t.Helper()
	var arguments []reflect.Value
	for i := range of.NumIn() {
		in := of.In(i)
		made := reflect.New(in).Elem()
		switch {
		case in == reflect.TypeFor[context.Context]():
			made.Set(reflect.ValueOf(t.Context()))
		case of.IsVariadic() && i == of.NumIn()-1:
			continue
		case in == reflect.TypeFor[io.Writer]():
			made.Set(reflect.ValueOf(io.Discard))
		case in == reflect.TypeFor[io.Reader]():
			made.Set(reflect.ValueOf(strings.NewReader("x")))
		case in == reflect.TypeFor[json.RawMessage](), in == reflect.TypeFor[[]byte]():
			made.SetBytes([]byte(`{}`))
		case in.Kind() == reflect.String:
			made.SetString("x")
		case made.CanInt():
			made.SetInt(number)
		case in.Kind() == reflect.Slice, in.Kind() == reflect.Struct, in.Kind() == reflect.Map, in.Kind() == reflect.Bool, in.Kind() == reflect.Pointer, in.Kind() == reflect.Func:
		default:
			t.Fatalf("%s takes a %s: teach this test to make one", name, in)
		}
		arguments = append(arguments, made)
	}
	return arguments
}
