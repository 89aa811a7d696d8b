package cli_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/internal/cli"
	"latchkey/internal/clock"
)

func TestRenderLines(t *testing.T) {
	s := newShell(t, nil)
	s.input = strings.Join([]string{
		`{"id":"a","template":"{{ x }}|{{ y }}|{{ n }}|{{ big }}","context":{"x":"<&>","y":1.10,"n":7,"big":123456789012345678901}}`,
		`{"id":1,"template":"{{ x }}","context":{"x":"<&>"},"autoescape":false}`,
		`{"id":[2],"template":"{{ x }}","context":{"x":"a\"b"},"autoescape":"js"}`,
		``,
		`{"id":"s","template":"one\n{{ gone }}","strict":true}`,
		`{"id":"p","template":"{% if"}`,
		`{"id":"i","template":"{% include 'other' %}!","context":{"x":1},"templates":{"other":"<{{ x }}>"}}`,
		`{"id":"o","template":"{% for e in m %}{{ e.key }}{% endfor %}","context":{"m":{"z":1,"a":2}}}`,
		`{"id":"f","template":"{{ formUrlEncode('a',x) | raw }} {{ m | toJson | raw }}","context":{"x":"1&2","m":{"b":1}}}`,
		`{"id":"nel","template":"` + "\u0085" + `a` + "\u0085" + `"}`,
	}, "\n")
	s.want(0, `{"id":"a","output":"&lt;&amp;&gt;|1.1|7|123456789012345678901"}
{"id":1,"output":"<&>"}
{"id":[2],"output":"a\\\"b"}
{"id":"s","error":{"kind":"RootAttributeNotFoundException","message":"Root attribute [gone] does not exist or can not be accessed and strict variables is set to true. (main:2)","line":2}}
{"id":"p","error":{"kind":"ParserException","message":"Unexpected token \"EOF\" of value \"null\" (main:1)","line":1}}
{"id":"i","output":"<1>!"}
{"id":"o","output":"za"}
{"id":"f","output":"a=1%262 {\"b\":1}"}
{"id":"nel","output":"\u0085a\u0085"}
`, "", "template", "render", "--jsonl")
}

func TestRenderLinesThatAreNoJobs(t *testing.T) {
	s := newShell(t, nil)
	s.input = "{oops\n" + `{"id":2,"template":"x","context":[]}` + "\n" + `{"id":3,"template":"x","autoescape":1}` + "\n" + `{"id":4,"template":"ok"}`
	s.want(1, `{"id":null,"error":{"kind":"InvalidInput","message":"line 1 of the input: invalid character 'o' looking for beginning of object key string","line":0}}
{"id":2,"error":{"kind":"InvalidInput","message":"line 2 of the input: context is not an object","line":0}}
{"id":3,"error":{"kind":"InvalidInput","message":"line 3 of the input: autoescape is true, false or the name of a strategy","line":0}}
{"id":4,"output":"ok"}
`, "", "template", "render", "--jsonl")
}

// TestRenderLinesTakesTurns holds the input open: each job is answered before the next is sent.
func TestRenderLinesTakesTurns(t *testing.T) {
	jobs, input := io.Pipe()
	output, answers := io.Pipe()
	done := make(chan int)
	go func() {
		done <- cli.Run(t.Context(), cli.Config{In: jobs, Out: answers, Err: io.Discard}, []string{"template", "render", "--jsonl"})
	}()
	lines := bufio.NewReader(output)
	for _, id := range []string{"1", "2"} {
		if _, err := io.WriteString(input, `{"id":`+id+`,"template":"x"}`+"\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := lines.ReadString('\n'); err != nil || got != `{"id":`+id+`,"output":"x"}`+"\n" {
			t.Fatalf("answered %q, %v", got, err)
		}
	}
	_ = input.Close()
	if code := <-done; code != 0 {
		t.Errorf("ended with %d", code)
	}
}

func TestRenderFile(t *testing.T) {
	s := newShell(t, nil)
	s.file("t/main.peb", "{% include 'part.peb' %} {{ n }}\n")
	s.file("t/part.peb", "{{ name }}")
	s.file("secret.peb", "not to be read")
	s.file("data.json", `{"name":"A&B","n":1.10}`)
	s.want(0, "A&amp;B 1.10", "", "template", "render", "t/main.peb", "--data", "data.json")
	s.want(0, "A&B 1.10", "", "template", "render", "t/main.peb", "--data", "data.json", "--autoescape", "off")
	s.want(0, "{\n  \"output\": \" \"\n}\n", "", "template", "render", "t/main.peb", "--json")
	s.file("t/bad.peb", "one\n  {{ name | nofilter }}\n")
	got := s.run("template", "render", "t/bad.peb")
	contains(t, "stderr", got.err, "--> bad.peb:2:", "2 |   {{ name | nofilter }}", "^")
	s.file("t/out.peb", "{% include '../secret.peb' %}")
	if got := s.run("template", "render", "t/out.peb"); got.code != 1 || strings.Contains(got.out, "not to be read") {
		t.Errorf("a template left its directory: %d %s", got.code, got.out)
	}
	s.file("list.json", "[]")
	s.want(1, "", "latchkey: list.json does not hold a JSON object\n", "template", "render", "t/main.peb", "--data", "list.json")
}

func TestCheckTemplates(t *testing.T) {
	s := newShell(t, nil)
	s.file("good.peb", "{{ a }}")
	s.file("bad.peb", "one\n\n  {{ a b }}")
	got := s.run("template", "check", "good.peb", "bad.peb")
	if got.code != 1 || !strings.HasPrefix(got.out, "bad.peb:3:") || strings.Count(got.out, "\n") != 1 || got.err != "" {
		t.Errorf("= %d %s%s", got.code, got.out, got.err)
	}
	s.want(0, "", "", "template", "check", "good.peb")
	s.want(0, "{\n  \"problems\": []\n}\n", "", "template", "check", "good.peb", "--json")
	got = s.run("template", "check", "bad.peb", "--json")
	contains(t, "stdout", got.out, `"file": "bad.peb"`, `"line": 3`, `"kind": "ParserException"`)
	s.file("range.peb", "{{ range(1, 3) }}")
	s.want(0, "", "", "template", "check", "range.peb")
	if got := s.run("template", "check", "--dialect", "destination", "range.peb"); got.code != 1 {
		t.Errorf("a function that definitions may not use = %d", got.code)
	}
}

func TestWatchRendersAgain(t *testing.T) {
	s := newShell(t, nil)
	s.file("t.peb", "one\n")
	time1 := clock.NewManual(now)
	s.config.Clock = time1
	ctx, cancel := context.WithCancel(t.Context())
	output, writer := io.Pipe()
	config := s.config
	config.In, config.Out, config.Err = strings.NewReader(""), writer, io.Discard
	done := make(chan int)
	go func() { done <- cli.Run(ctx, config, []string{"template", "render", "t.peb", "--watch"}) }()
	lines := bufio.NewReader(output)
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		if text != "one\n" { // it is there from the beginning; what follows is written while the command waits
			for time1.Waiting() == 0 {
				time.Sleep(time.Millisecond)
			}
			if err := os.WriteFile("t.peb", []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			time1.Advance(time.Second)
		}
		if got, err := lines.ReadString('\n'); got != text {
			t.Fatalf("rendered %q, %v, want %q", got, err, text)
		}
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("ended with %d", code)
	}
}
