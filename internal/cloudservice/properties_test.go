package cloudservice_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/cloudservice"
)

func TestReadProperties(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want url.Values
		err  string
	}{
		"the vendor's example": {"automaticProvisioning=true\nservicename=target\ntarget.clientcode=acme\n", url.Values{"automaticProvisioning": {"true"}, "servicename": {"target"}, "target.clientcode": {"acme"}}, ""},
		"separators":           {"a=1\nb:2\nc 3\nd = 4\ne\t:\t5\nf", url.Values{"a": {"1"}, "b": {"2"}, "c": {"3"}, "d": {"4"}, "e": {"5"}, "f": {""}}, ""},
		"comments and blanks":  {"# one\n! two\n\n  a=1\r\n", url.Values{"a": {"1"}}, ""},
		"goes on":              {"a=1,\\\n   2\nb=x\\\\\nc=3", url.Values{"a": {"1,2"}, "b": {`x\`}, "c": {"3"}}, ""},
		"escapes":              {`a=tab\tuni\u00e9 \ud83d\ude00 co\=lon` + "\n" + `k\:ey=v`, url.Values{"a": {"tab\tunié 😀 co=lon"}, "k:ey": {"v"}}, ""},
		"twice":                {"servicename=target\nservicename=analytics", url.Values{"servicename": {"target", "analytics"}}, ""},
		"a separator in value": {"analytics.server=https://api.omniture.com/admin/1.4/rest/", url.Values{"analytics.server": {"https://api.omniture.com/admin/1.4/rest/"}}, ""},
		"broken escape":        {"a=1\nsecret=hush\\u00z", nil, "line 2: "},
		"byte order mark":      {"\ufeffa=1", url.Values{"a": {"1"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cloudservice.ReadProperties(c.text)
			if c.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.err) || strings.Contains(err.Error(), "hush") {
					t.Errorf("error %v, want %q and no value in it", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}
