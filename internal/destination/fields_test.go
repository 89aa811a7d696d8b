package destination_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/destination"
)

// asks is a definition that asks for one of each.
func asks(t *testing.T) *destination.Plan {
	return compile(t, cc(field(`
		{"name": "account", "title": "Account ID", "type": "string", "isRequired": true, "source": "CUSTOMER", "pattern": "[a-z0-9-]+"},
		{"name": "pin", "type": "integer", "format": "password", "source": "CUSTOMER"},
		{"name": "region", "source": "CUSTOMER", "namedEnum": [{"name": "Europe", "value": "eu"}, {"name": "America", "value": "us"}], "default": "eu"},
		{"name": "size", "type": "integer", "source": "CUSTOMER"},
		{"name": "live", "type": "boolean", "source": "CUSTOMER"},
		{"name": "extra", "type": "object", "source": "CUSTOMER"},
		{"name": "appSecret", "source": "CUSTOMER"},
		{"name": "proxy", "source": "CUSTOMER", "isRequired": true, "conditional": {"field": "live", "operator": "EQUALS", "value": true}},
		{"name": "fixed", "value": "v"}, {"name": "teamId", "source": "PARTNER", "authenticationResponsePath": "team.id"}`)))
}

func TestPrompts(t *testing.T) {
	var got []string
	for _, p := range asks(t).Prompts() {
		got = append(got, fmt.Sprintf("%s %q %s required=%v secret=%v", p.Name, p.Title, p.Type, p.Required, p.Secret))
	}
	want := []string{
		`account "Account ID" string required=true secret=false`, `pin "pin" integer required=false secret=true`,
		`region "region"  required=false secret=false`, `size "size" integer required=false secret=false`,
		`live "live" boolean required=false secret=false`, `extra "extra" object required=false secret=false`,
		`appSecret "appSecret"  required=false secret=true`, `proxy "proxy"  required=true secret=false`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("prompts: -want +got\n%s", diff)
	}
	for document, want := range map[string]string{
		entryOf("OAUTH2_PASSWORD", urls):             "username password",
		`{"authentication": {"authType": "BEARER"}}`: "token",
		`{"authentication": {"authType": "BASIC"}}`:  "username password",
		cc(urls): "",
		entryOf("OAUTH2_PASSWORD", field(`{"name": "username", "title": "E-mail", "source": "CUSTOMER"}`)): "password username",
	} {
		var names []string
		for _, p := range compile(t, document).Prompts() {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("the prompts of %.100s are %q, want %q", document, got, want)
		}
	}
}

func TestCheckFieldsKeepsTypes(t *testing.T) {
	f, problems := asks(t).CheckFields(map[string]any{
		"account": "a-1", "pin": 1234, "size": "42", "live": "false", "extra": map[string]any{"k": []any{1.0}}, "appSecret": "hush",
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := `{"account":"a-1","appSecret":"********","extra":{"k":[1]},"live":false,"pin":"********","region":"eu","size":42}`
	if got := string(f.MarshalMasked()); got != want {
		t.Errorf("the fields are %s, want %s", got, want)
	}
	if got := f.Secrets()["pin"].Reveal(); got != "1234" {
		t.Errorf("the secret is %q", got)
	}
	public, err := json.Marshal(f.Public())
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(public, &back); err != nil {
		t.Fatal(err)
	}
	again, err := destination.NewFields(back, f.Secrets())
	if err != nil || !again.Equal(f) {
		t.Errorf("fields do not survive the store: %s, %v", again.MarshalMasked(), err)
	}
	if printed := fmt.Sprintf("%v %+v", f, f); strings.Contains(printed, "hush") {
		t.Errorf("fields print a secret: %s", printed)
	}
}

func TestCheckFieldsRefuses(t *testing.T) {
	base := func(name string, value any) map[string]any { return map[string]any{"account": "a", name: value} }
	for name, c := range map[string]struct {
		in            map[string]any
		pointer, says string
	}{
		"unknown":           {base("acount", "x"), "/fields/acount", `did you mean "account"? The fields are account, pin`},
		"constant":          {base("fixed", "x"), "/fields/fixed", "gives \"fixed\" itself"},
		"output":            {base("teamId", "x"), "/fields/teamId", "is read from the provider's answer"},
		"missing":           {map[string]any{}, "/fields/account", "Account ID is missing"},
		"empty":             {map[string]any{"account": ""}, "/fields/account", "this doesn't have the form"},
		"null":              {map[string]any{"account": nil}, "/fields/account", "Account ID is missing"},
		"number for string": {map[string]any{"account": 12.0}, "/fields/account", "must be a string, not a number"},
		"pattern":           {map[string]any{"account": "evil.com/"}, "/fields/account", "[a-z0-9-]+"},
		"part of pattern":   {map[string]any{"account": "a b"}, "/fields/account", "[a-z0-9-]+"},
		"integer":           {base("size", "4x"), "/fields/size", "must be an integer"},
		"fraction":          {base("size", 4.5), "/fields/size", "must be an integer"},
		"boolean":           {base("live", "yes"), "/fields/live", "must be true or false"},
		"object":            {base("extra", "x"), "/fields/extra", "must be an object"},
		"list for object":   {base("extra", []any{}), "/fields/extra", "must be an object"},
		"choice":            {base("region", "ue"), "/fields/region", `did you mean "eu"?`},
		"mask":              {base("appSecret", destination.Mask), "/fields/appSecret", "no stored value"},
		"condition":         {base("live", true), "/fields/proxy", "proxy is missing"},
		"pointer":           {base("a/b~c", "x"), "/fields/a~1b~0c", "there is no field"},
		"length":            {base("appSecret", strings.Repeat("x", 70<<10)), "/fields/appSecret", "longer than 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := asks(t).CheckFields(c.in)
			if len(problems) != 1 || problems[0].Pointer != c.pointer || !strings.Contains(problems[0].String(), c.says) {
				t.Errorf("CheckFields = %v, want %q at %s", problems, c.says, c.pointer)
			}
		})
	}
	t.Run("a wrong secret is not repeated", func(t *testing.T) {
		_, problems := asks(t).CheckFields(base("pin", "hush-hush"))
		if len(problems) != 1 || strings.Contains(problems.Error(), "hush") {
			t.Errorf("CheckFields = %v", problems)
		}
	})
}

func TestMergeFields(t *testing.T) {
	p := asks(t)
	before, problems := p.CheckFields(map[string]any{"account": "a-1", "appSecret": "hush", "size": 3})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct {
		in   map[string]any
		want string
	}{
		{map[string]any{}, `{"account":"a-1","appSecret":"hush","region":"eu","size":3}`},
		{map[string]any{"appSecret": destination.Mask, "size": nil}, `{"account":"a-1","appSecret":"hush","region":"eu"}`},
		{map[string]any{"appSecret": "new", "region": "us"}, `{"account":"a-1","appSecret":"new","region":"us","size":3}`},
		{map[string]any{"region": nil, "appSecret": nil}, `{"account":"a-1","region":"eu","size":3}`},
	} {
		after, problems := p.MergeFields(before, c.in)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		clear := after.Public()
		for name, s := range after.Secrets() {
			clear[name] = s.Reveal()
		}
		got, err := json.Marshal(clear)
		if err != nil || string(got) != c.want {
			t.Errorf("MergeFields(%v) = %s, want %s", c.in, got, c.want)
		}
	}
	if _, problems := p.MergeFields(before, map[string]any{"account": nil}); len(problems) != 1 {
		t.Errorf("taking a required field away = %v", problems)
	}
	if got := string(before.Without("size", "appSecret").MarshalMasked()); got != `{"account":"a-1","region":"eu"}` {
		t.Errorf("Without = %s", got)
	}
	if got := before.Merge(before.Without("account")); !got.Equal(before) {
		t.Errorf("Merge = %s", got.MarshalMasked())
	}
}
