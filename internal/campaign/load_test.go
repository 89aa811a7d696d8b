package campaign_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/campaign"
)

// folder makes a folder of configuration files, by their names.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "conf")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, files map[string]string) *campaign.Instance {
	t.Helper()
	i, err := campaign.Load(folder(t, files), "sample")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestDefaults(t *testing.T) {
	i := load(t, map[string]string{"config-sample.xml": "<serverconf/>"})
	want := campaign.Pipelined{
		GatewayEndpoint: "https://api.omniture.com", PrivateKey: i.Value("pipelined", "authPrivateKey"),
		DiscoverEndpoint: "https://producer-pipeline-pnw.adobe.net", MemoryAlertMB: 1800, MemoryWarningMB: 1600, MonitorPort: 7781,
		PointerFlushCount: 1000, PointerFlushPeriod: 5 * time.Second, RestartTime: 6 * time.Hour, JSThreads: 4, Threads: 4,
		RetryPeriod: 30 * time.Second, RetryValidity: 5 * time.Minute, RunLevel: 10,
	}
	if diff := cmp.Diff(want, i.Pipelined); diff != "" {
		t.Error(diff)
	}
	if i.IMS.Endpoint != "https://ims-na1.adobelogin.com" || i.Grant() != campaign.GrantGateway || len(i.Problems) != 0 {
		t.Errorf("%+v %s %+v", i.IMS, i.Grant(), i.Problems)
	}
}

// What the instance's file says counts, even "".
func TestLayers(t *testing.T) {
	i := load(t, map[string]string{
		"serverConf.xml": `<serverConf>
  <pipelined retryPeriodSec="10" retryValiditySec="60"/>
  <web><redirection IMSOrgId="ABC123@AdobeOrg"/></web>
</serverConf>`,
		"config-sample.xml": `<serverconf><shared><ims authIMSTAClientId=" abc " authIMSTAClientSecret="@qQf…="/></shared>
<pipelined retryPeriodSec="20" disableAuth="2" monitorServerPort="many" forcedPipelineEndpoint="https://ada:hunter2@pipe.example.com" discoverPipelineEndpoint="pipe.example.com" processRestartTime="six" authType="imsJWTToken" args="$(INSTANCE_NAME) $(XTK_VAR_DIR) $(OTHER)"/>
<web><redirection IMSOrgId=""/></web></serverconf>`,
	})
	if p := i.Pipelined; p.RetryPeriod != 20*time.Second || p.RetryValidity != time.Minute || p.MonitorPort != 7781 || p.DisableAuth || !p.Configured ||
		p.Args != "sample "+filepath.Join(filepath.Dir(i.Dir), "var")+" $(OTHER)" {
		t.Errorf("%+v", p)
	}
	if i.Organization != "" || i.IMS.TechnicalClientID != "abc" || i.Grant() != campaign.GrantOAuth {
		t.Errorf("organization %q, client %q, grant %s", i.Organization, i.IMS.TechnicalClientID, i.Grant())
	}
	v := i.Value("web/redirection", "IMSOrgId")
	if !v.EmptyOverride() || v.File != "config-sample.xml" || v.Line != 3 || v.Column != 19 || v.Hidden.File != "serverConf.xml" || v.Hidden.Line != 3 {
		t.Errorf("%+v", v)
	}
	var said []string
	for _, p := range i.Problems {
		said = append(said, p.Value.Name+": "+p.Message+"; "+p.Fix)
	}
	want := []string{
		`discoverPipelineEndpoint: "pipe.example.com" is not a URL as https://pipeline.example.com is; correct it, or take the attribute out: then it is "https://producer-pipeline-pnw.adobe.net"`,
		`forcedPipelineEndpoint: it holds a user or a password, which has no place in a URL here; take that out`,
		`monitorServerPort: "many" is not a number from 0 to 65535; correct it, or take the attribute out: then it is "7781"`,
		`processRestartTime: "six" is not a time as 06:00:00 is; correct it, or take the attribute out: then it is "06:00:00"`,
		`IMSOrgId: it is empty, and takes away what serverConf.xml says in line 3; take the attribute out of config-sample.xml`,
		`authIMSTAClientSecret: the vendor's server has encrypted it, and nobody else can decrypt it; enter it again: nlserver config`,
		`authType: "imsJWTToken" is no way to get a token; did you mean imsJwtToken?`,
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

func TestGrants(t *testing.T) {
	for text, want := range map[string]campaign.Grant{
		`<pipelined/>`: campaign.GrantGateway,
		`<pipelined authType="imsJwtToken" disableAuth="1"/>`:                                                               campaign.GrantNone,
		`<pipelined authType="imsJwtToken"/>`:                                                                               campaign.GrantOAuth,
		`<shared><ims authIMSTAPrivateKey="@x="/></shared><pipelined authType="imsJwtToken"/>`:                              campaign.GrantJWT,
		`<shared><ims authIMSTAPrivateKey=""/></shared><pipelined authType="imsJwtToken" appName="a" disableAuth="false"/>`: campaign.GrantOAuth,
	} {
		i := load(t, map[string]string{"config-sample.xml": "<serverConf>" + text + "</serverConf>"})
		if got := i.Grant(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestMissing(t *testing.T) {
	dir := folder(t, map[string]string{"config-stage.xml": "<serverconf/>", "config-prod.xml": "<serverconf/>", "config-x.xml.bak": ""})
	_, err := campaign.Load(dir, "sample")
	missing, ok := errors.AsType[*campaign.NoInstanceError](err)
	if !ok || !cmp.Equal(missing.There, []string{"prod", "stage"}) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"", "../x", "a/b", ".hidden"} {
		if _, err := campaign.Load(dir, name); err == nil || !strings.Contains(err.Error(), "is not the name of an instance") {
			t.Errorf("Load(%q) = %v", name, err)
		}
	}
	if _, err := campaign.Load(filepath.Join(dir, "none"), "prod"); err == nil || !strings.Contains(err.Error(), "the folder") {
		t.Errorf("%v", err)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   `:1:1: there is no element`,
		"<serverconf>\n  <a>\n</serverconf>": `:3:1: </serverconf> stands where </a> is expected, of line 2`,
		"<serverconf>\n <a x='1' x=\"2\"/></serverconf>":             `:2:11: <a> has the attribute x twice`,
		"<!DOCTYPE x [<!ENTITY a \"b\">]>\n<serverconf/>":            `:1:1: a document type (DOCTYPE) is not read`,
		"<serverconf a='&own;'/>":                                    `:1:16: the entity &own; is not defined`,
		"<serverconf>a & b</serverconf>":                             `:1:15: "&" stands alone`,
		"<serverconf a='&#0;'/>":                                     `:1:16: the entity &#0; is not defined`,
		"<serverconf a='<'/>":                                        `:1:16: "<" stands in the value of a`,
		"<serverconf a=b/>":                                          `:1:15: the value of a has to stand in quotes`,
		"<serverconf a='b/>":                                         `:1:15: the value of a does not end`,
		"<serverconf a='1'b='2'/>":                                   `:1:18: expected a blank`,
		"<serverconf a/>":                                            `:1:14: expected = after the attribute a`,
		"<serverconf>":                                               `:1:1: <serverconf> does not end`,
		"<serverconf><!-- a -- b --></serverconf>":                   `:1:20: "--" stands within a comment`,
		"<serverconf/><serverconf/>":                                 `:1:14: there is a second root element`,
		"text<serverconf/>":                                          `:1:1: text stands outside`,
		" <?xml version='1.0'?><serverconf/>":                        `:1:2: the XML declaration has to be the very first`,
		"<config/>":                                                  `:1:1: the root element is <config>`,
		"<serverconf>\xff</serverconf>":                              `:1:13: this is not UTF-8`,
		"<serverconf>\x01</serverconf>":                              `:1:13: the byte 0x01`,
		"\xff\xfe<\x00":                                              `:1:1: the file is in UTF-16`,
		"<?xml version='1.0' encoding='EBCDIC-CP-FR'?><serverconf/>": `:1:1: the encoding "EBCDIC-CP-FR" is not read here`,
		"<serverconf>" + strings.Repeat("<a>", 70) + "</serverconf>": `elements stand more than 64 deep`,
		"<serverconf>é<a\n</serverconf>":                             `:2:1: expected an attribute, ">" or "/>" in <a>`,
		"<serverconf>é<a b='1' b='2'/></serverconf>":                 `:1:23: <a> has`,
	} {
		_, err := campaign.Load(folder(t, map[string]string{"config-sample.xml": text}), "sample")
		failure, ok := errors.AsType[*campaign.SyntaxError](err)
		if !ok || !strings.Contains(failure.Error(), want) || !strings.Contains(failure.Error(), "config-sample.xml:") {
			t.Errorf("%q\n got %v\nwant %s", text, err, want)
		}
	}
}

// The encodings that these files come in are read as what they say.
func TestEncodings(t *testing.T) {
	for text, want := range map[string]string{
		"\xef\xbb\xbf<serverConf><pipelined args='é'/></serverConf>":                                       "é",
		"<?xml version=\"1.0\" encoding='ISO-8859-1'?><SERVERCONF><pipelined args='\xe9'/></SERVERCONF>":   "é",
		"<?xml version=\"1.0\" encoding='windows-1252'?><serverConf><pipelined args='\x80'/></serverConf>": "€",
		"<?xml version=\"1.0\" encoding='ISO-8859-15'?><serverConf><pipelined args='\xa4'/></serverConf>":  "€",
		"<serverConf><pipelined args='a\r\n\tb &lt;&#x41;&amp;&quot;'/></serverConf>":                      "a  b <A&\"",
		"<serverConf><![CDATA[<]]>&amp;<?php <x ?><pipelined args='a>b'/></serverConf>":                    "a>b",
	} {
		if got := load(t, map[string]string{"config-sample.xml": text}).Pipelined.Args; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
