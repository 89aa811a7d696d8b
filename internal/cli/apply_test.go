package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
)

const aTopic = `{"id":"topic_1","name":"triggers","description":"Carts","partitions":2,"retention_seconds":3600,"retention_bytes":0}`

func TestDiffAndApply(t *testing.T) {
	api := newFakeAPI(t).on("GET /topics", 200, `{"items":[`+aTopic+`]}`).on("PATCH /topics/topic_1", 200, aTopic).on("POST /topics", 201, aTopic)
	s := newShell(t, api)
	s.file("conf/topics.yaml", "kind: Topic\nname: triggers\nspec:\n  retention_seconds: 3600\n")
	s.want(0, "Nothing to change: 1 as they are in the files.\n", "", "diff", "-f", "conf")
	s.want(0, "Nothing to change: 1 as they are in the files.\n", "", "apply", "-f", "conf")
	s.file("conf/topics.yaml", "kind: Topic\nname: triggers\nspec:\n  description: Baskets\n---\nkind: Topic\nname: more\n")
	const plan = "+ Topic more: create\n~ Topic triggers: change\n    description: \"Carts\" → \"Baskets\"\n1 to create, 1 to change, 0 to delete, 0 unchanged.\n"
	s.want(3, plan, "", "diff", "-f", "conf/topics.yaml")
	got := s.run("apply", "-f", "conf")
	if got.code != 2 || !strings.Contains(got.err, "nothing was done: nobody can be asked here; pass --yes") || !strings.HasPrefix(got.err, plan) {
		t.Errorf("apply without --yes = %d\n%s%s", got.code, got.out, got.err)
	}
	s.want(0, plan, "2 changes were made\n", "apply", "-f", "conf", "--yes")
	if body := api.last(t, "PATCH /topics/topic_1").Body; body != `{"description":"Baskets"}` {
		t.Errorf("the change sent %s", body)
	}
	var answer struct {
		Steps []struct{ Kind, Name, Act string }
	}
	if got := s.run("diff", "-f", "conf", "--json"); json.Unmarshal([]byte(got.out), &answer) != nil || got.code != 3 || len(answer.Steps) != 2 || answer.Steps[0].Act != "create" {
		t.Errorf("diff --json = %d %s%s", got.code, got.out, got.err)
	}
	s.input = "kind: Topic\nname: triggers\nspce: {}\n"
	s.want(1, "", "standard input:3:1: Topic triggers: spce: a document has no such member (its members are kind, name and spec)\n"+
		"latchkey: nothing was changed: 1 thing is wrong with the configuration\n", "apply", "-f", "-", "--yes")
	s.want(2, "", "latchkey: -f is missing: the file or the folder to read\nhint: see \"latchkey diff --help\"\n", "diff")
}

func TestExport(t *testing.T) {
	api := newFakeAPI(t).on("GET /topics", 200, `{"items":[`+aTopic+`]}`)
	s := newShell(t, api)
	const text = "kind: Topic\nname: triggers\nspec:\n  description: Carts\n  partitions: 2\n  retention_seconds: 3600\n  retention_bytes: 0\n"
	s.want(0, text, "", "export", "--kind", "Topic")
	s.want(0, "wrote conf/topics.yaml\n", "", "export", "--kind", "Topic", "-o", "conf")
	s.want(1, "", "latchkey: conf/topics.yaml is there already\nhint: -o writes elsewhere; --force overwrites it\n", "export", "--kind", "Topic", "-o", "conf")
	s.want(0, "Nothing to change: 1 as they are in the files.\n", "", "diff", "-f", "conf")
	s.want(2, "", "latchkey: there is no kind \"Topik\"\nhint: did you mean Topic?\n", "export", "--kind", "Topik")
	if got := s.run("schema", "config"); !json.Valid([]byte(got.out)) || got.code != 0 {
		t.Errorf("the schema = %d %s", got.code, got.out)
	}
}

func TestDefinitionDiff(t *testing.T) {
	api := newFakeAPI(t).
		on("GET /definitions/m/compare?from=3&to=5", 200, `{"revision":3,"differences":[{"pointer":"/a","before":"1","after":"2"},{"pointer":"/b","before":"1"},{"pointer":"/s","secret":true}]}`).
		on("GET /definitions/m/compare?from=3&to=0", 200, `{"revision":3,"differences":[]}`)
	s := newShell(t, api)
	s.want(3, "/a: 1 → 2\n/b: 1 (removed)\n/s: (changed)\n", "", "definition", "diff", "m", "3", "5")
	s.want(0, "", "they say the same\n", "definition", "diff", "m", "3")
	s.want(2, "", "latchkey: \"x\" is not the number of a revision\nhint: see \"latchkey definition diff --help\"\n", "definition", "diff", "m", "x")
}
