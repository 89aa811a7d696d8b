package cli_test

import (
	"testing"
	"time"
)

func TestRootKeys(t *testing.T) {
	finished := `{"state":"finished","from":"root_a","to":"vault_b","total":3,"done":3,"started_at":"2026-11-21T08:00:00Z","finished_at":"2026-11-21T08:00:02Z"}`
	api := newFakeAPI(t).
		on("GET /root-keys", 200, `{"items":[
			{"id":"root_a","kind":"file","state":"retired","data_keys":0,"held":true,"created_at":`+at(-48*time.Hour)+`,"retired_at":`+at(-time.Hour)+`},
			{"id":"vault_b","kind":"vault","state":"current","data_keys":3,"held":false,"created_at":`+at(-2*time.Hour)+`}]}`).
		on("GET /root-keys/rotation", 200, finished).
		on("POST /root-keys/rotate", 202, finished)
	s := newShell(t, api)
	s.want(0, `ROOT KEY  STATE    KIND   DATA KEYS  HERE  SINCE        RETIRED
root_a    retired  file   0          yes   2 days ago   1 hour ago
vault_b   current  vault  3          no    2 hours ago  -
rotated 3 data keys from root_a to vault_b in 2s
`, "", "keys", "status")
	contains(t, "stdout", s.run("keys", "status", "--json").out, `"rotation": {`, `"state": "finished"`, `"items": [`)
	s.want(0, "rotated 3 data keys from root_a to vault_b in 2s\n",
		"the old root key is refused from now on; take seal.previous_root out of the configuration\n", "keys", "rotate")
	contains(t, "stdout", s.run("keys", "rotate", "--json").out, `"total": 3`)
}

func TestRotationInTrouble(t *testing.T) {
	running := `{"state":"running","from":"root_a","to":"vault_b","total":4,"done":1,"started_at":"2026-11-21T08:00:00Z"`
	api := newFakeAPI(t).on("POST /root-keys/rotate", 202, running+`,"problem":"vault is sealed"}`).on("GET /root-keys/rotation", 200, running+`}`)
	s := newShell(t, api)
	s.want(1, "", "latchkey: rotating to vault_b: 1 of 4 data keys (25 %): vault is sealed\n"+
		"hint: the server tries again by itself; \"latchkey keys status\" tells how it gets on\n", "keys", "rotate")
	s.want(0, "rotating to vault_b: 1 of 4 data keys (25 %)\n", "", "keys", "rotate", "--detach")
	s = newShell(t, newFakeAPI(t).on("POST /root-keys/rotate", 409, `{"title":"That does not fit its state","detail":"This server has one root key.","status":409}`))
	s.want(1, "", "latchkey: This server has one root key.\n", "keys", "rotate")
}
