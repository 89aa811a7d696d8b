package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/test/harness"
)

// TestEphemeral holds that nothing is left of a server that is to keep nothing, that everything in it goes by the clock that is
// moved, and that a line of JSON says where it is.
func TestEphemeral(t *testing.T) {
	t.Parallel()
	s := harness.Ephemeral(t, "--fast-clock")
	var line map[string]any
	if err := json.Unmarshal([]byte(s.Output()), &line); err != nil || line["url"] != s.URL || line["clock_url"] != s.URL+"/dev/clock" {
		t.Errorf("it prints %q", s.Output())
	}
	if _, err := os.Stat(s.Data); err != nil {
		t.Error(err)
	}
	generation := func() any {
		return s.Must(http.StatusOK, "GET", "/api/v1/connections/sample-password/token", nil).JSON(t)["generation"]
	}
	before := generation()
	moved := s.Must(http.StatusOK, "POST", "/dev/clock", `{"advance":"30h"}`).JSON(t)
	read := s.Must(http.StatusOK, "GET", "/dev/clock", nil).JSON(t)
	if moved["ahead"] != "30h0m0s" || read["ahead"] != moved["ahead"] {
		t.Errorf("the clock says %v, then %v", moved, read)
	}
	if at, err := time.Parse(time.RFC3339, read["now"].(string)); err != nil || time.Until(at) < 29*time.Hour {
		t.Errorf("the clock shows %v", read["now"])
	}
	if after := generation(); after.(float64) < before.(float64)+30 {
		t.Errorf("after 30 hours the generation is %v, before it was %v", after, before)
	}
	for _, body := range []string{`{"advance":"-1h"}`, `{"advance":"soon"}`, `{}`, `{"back":"1h"}`} {
		if problem := s.Must(http.StatusBadRequest, "POST", "/dev/clock", body).JSON(t); problem["detail"] == nil {
			t.Errorf("%s is refused with %v", body, problem)
		}
	}
	s.Must(http.StatusForbidden, "POST", "/dev/clock", `{"advance":"1h"}`, "Sec-Fetch-Site", "cross-site")
	s.Stop()
	if _, err := os.Stat(s.Data); !os.IsNotExist(err) {
		t.Errorf("its directory is still there: %v", err)
	}
	if strings.Contains(s.Output(), "\n{") {
		t.Error("it prints a second line")
	}
}
