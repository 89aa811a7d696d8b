package campaign_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/campaign"
)

func set(place, value string) campaign.Change {
	path, name, _ := strings.Cut(place, "@")
	return campaign.Change{Path: path, Attribute: name, Value: value}
}

func TestEdits(t *testing.T) {
	for name, c := range map[string]struct {
		before  string
		changes []campaign.Change
		after   string
	}{
		"the value alone": {
			"<serverConf ><pipelined\tappName = 'x'  args=\"\" ></pipelined ></serverConf >",
			[]campaign.Change{set("pipelined@appName", `it's "me" & <you>`)},
			"<serverConf ><pipelined\tappName = 'it&apos;s \"me\" &amp; &lt;you>'  args=\"\" ></pipelined ></serverConf >",
		},
		"the same value, spelled otherwise": {
			"<serverConf><pipelined args='&#65;&amp;'/></serverConf>", []campaign.Change{set("pipelined@args", "A&")},
			"<serverConf><pipelined args='&#65;&amp;'/></serverConf>",
		},
		"in the order of the alphabet, with the quotes of the others": {
			"<serverConf><pipelined appName='a' autoStart='true' runLevel='10'/></serverConf>",
			[]campaign.Change{set("pipelined@authType", "imsJwtToken")},
			"<serverConf><pipelined appName='a' authType='imsJwtToken' autoStart='true' runLevel='10'/></serverConf>",
		},
		"the first one": {
			"<serverConf><pipelined autoStart='true'\n  runLevel='10'/></serverConf>", []campaign.Change{set("pipelined@appName", "a")},
			"<serverConf><pipelined appName='a'\n  autoStart='true'\n  runLevel='10'/></serverConf>",
		},
		"at the end, where there is no order": {
			"<serverConf><pipelined b=\"1\" a=\"2\"\n   c=\"3\" /></serverConf>", []campaign.Change{set("pipelined@authType", "x")},
			"<serverConf><pipelined b=\"1\" a=\"2\"\n   c=\"3\"\n   authType=\"x\" /></serverConf>",
		},
		"into an element without attributes": {
			"<serverConf a='1'>\r\n<web>\r\n<redirection/>\r\n</web>\r\n</serverConf>", []campaign.Change{set("web/redirection@IMSOrgId", "A@AdobeOrg")},
			"<serverConf a='1'>\r\n<web>\r\n<redirection IMSOrgId='A@AdobeOrg'/>\r\n</web>\r\n</serverConf>",
		},
		"an element, behind what is there": {
			"<serverConf>\r\n\t<shared>\r\n\t\t<exec/> <!-- one -->\r\n\t</shared>\r\n</serverConf>\r\n", []campaign.Change{set("shared/ims@authIMSTAId", "x")},
			"<serverConf>\r\n\t<shared>\r\n\t\t<exec/> <!-- one -->\r\n\t\t<ims authIMSTAId=\"x\"/>\r\n\t</shared>\r\n</serverConf>\r\n",
		},
		"an element in one that is bare": {
			"<serverConf>\n    <shared />\n</serverConf>", []campaign.Change{set("shared/ims@authIMSTAId", "x"), set("shared/ims@authIMSTAClientId", "y")},
			"<serverConf>\n    <shared>\n        <ims authIMSTAClientId=\"y\" authIMSTAId=\"x\"/>\n    </shared>\n</serverConf>",
		},
		"elements in each other": {
			"<serverConf>\n   <shared/>\n</serverConf>\n", []campaign.Change{set("web/redirection@IMSOrgId", "x")},
			"<serverConf>\n   <shared/>\n   <web>\n      <redirection IMSOrgId=\"x\"/>\n   </web>\n</serverConf>\n",
		},
		"all in one line": {
			"<serverConf><shared><a/></shared></serverConf>", []campaign.Change{set("shared/ims@authIMSTAId", "x"), set("web/redirection@IMSOrgId", "y")},
			"<serverConf><shared><a/><ims authIMSTAId=\"x\"/></shared><web><redirection IMSOrgId=\"y\"/></web></serverConf>",
		},
		"into an empty document": {
			"<serverConf/>\n", []campaign.Change{set("pipelined@authType", "x")},
			"<serverConf>\n  <pipelined authType=\"x\"/>\n</serverConf>\n",
		},
		"into an element with nothing in it": {
			"<serverConf>\n</serverConf>", []campaign.Change{set("pipelined@authType", "x")},
			"<serverConf>\n  <pipelined authType=\"x\"/>\n</serverConf>",
		},
		"a byte order mark, a comment that looks like markup, CDATA": {
			"\xef\xbb\xbf<!-- <pipelined authType='no'/> --><serverConf><![CDATA[<pipelined authType='no'/>]]><pipelined authType='no'/></serverConf>",
			[]campaign.Change{set("pipelined@authType", "yes")},
			"\xef\xbb\xbf<!-- <pipelined authType='no'/> --><serverConf><![CDATA[<pipelined authType='no'/>]]><pipelined authType='yes'/></serverConf>",
		},
		"out of a start tag, with the blanks before": {
			"<serverConf><pipelined appName='a'\n   args=''\n   runLevel='10' /></serverConf>",
			[]campaign.Change{{Path: "pipelined", Attribute: "args", Remove: true}, {Path: "pipelined", Attribute: "none", Remove: true}, {Path: "web", Attribute: "none", Remove: true}},
			"<serverConf><pipelined appName='a'\n   runLevel='10' /></serverConf>",
		},
		"the only one": {
			"<serverConf><pipelined args=''/></serverConf>", []campaign.Change{{Path: "pipelined", Attribute: "args", Remove: true}},
			"<serverConf><pipelined/></serverConf>",
		},
		"another encoding": {
			"<?xml version='1.0' encoding='ISO-8859-1'?><serverConf><!-- \xe9 --><pipelined args='\xe9' appName=''/></serverConf>",
			[]campaign.Change{set("pipelined@appName", "é€\n")},
			"<?xml version='1.0' encoding='ISO-8859-1'?><serverConf><!-- \xe9 --><pipelined args='\xe9' appName='&#233;&#8364;&#10;'/></serverConf>",
		},
	} {
		got, err := campaign.EditText([]byte(c.before), c.changes...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(c.after, string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEditsRefused(t *testing.T) {
	for text, c := range map[string]struct {
		change campaign.Change
		want   string
	}{
		"<serverConf>\n<pipelined/>\n<pipelined/></serverConf>": {set("pipelined@authType", "x"), "<pipelined> stands twice, in line 2 and in line 3"},
		"<serverConf a=''/>": {set("pipelined@authType", "a\x01b"), "a character that XML has no place for"},
		"<serverConf/>":      {set("pipelined@auth Type", "x"), "is not the name of an attribute"},
		"<serverConf":        {set("pipelined@authType", "x"), "line 1, column 1: <serverConf does not end"},
	} {
		if _, err := campaign.EditText([]byte(text), c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", text, err, c.want)
		}
	}
}

// A commented file stays what it is but for what was to be set.
func TestRoundTrip(t *testing.T) {
	before, err := os.ReadFile("testdata/config-sample.xml")
	if err != nil {
		t.Fatal(err)
	}
	shared, err := os.ReadFile("testdata/serverConf.xml")
	if err != nil {
		t.Fatal(err)
	}
	i := load(t, map[string]string{"config-sample.xml": string(before), "serverConf.xml": string(shared)})
	edit, err := i.Edit(set("shared/ims@authIMSTAClientId", "0123456789abcdef0123456789abcdef"), set("shared/ims@authIMSTAClientSecret", "@lk1:0123.abc"),
		set("shared/ims@authIMSTAId", "D8E157165FC0EAE10A495E8C@techacct.adobe.com"), set("shared/ims@authIMSTAPrivateKey", "@lk1:0123.def"),
		set("web/redirection@IMSOrgId", "6096892F54B5819E0A4C98A2@AdobeOrg"), set("pipelined@authType", "imsJwtToken"))
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "round-trip.diff")
	if *update {
		if err := os.WriteFile(golden, []byte(edit.Diff()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), edit.Diff()); diff != "" {
		t.Error(diff)
	}
	if _, err := edit.Write(moment); err != nil {
		t.Fatal(err)
	}
	again, err := campaign.Load(i.Dir, "sample")
	if err != nil || again.IMS.TechnicalClientID != "0123456789abcdef0123456789abcdef" || again.Grant() != campaign.GrantJWT || len(again.Problems) != 0 {
		t.Errorf("%v %+v", err, again)
	}
}
