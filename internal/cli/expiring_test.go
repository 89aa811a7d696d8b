package cli_test

import "testing"

const soon = `{"items":[{"kind":"api_key","subject":"key_1","name":"ci","sandbox":null,"scope":"organization","expires_at":"2026-11-24T09:00:00Z","renews":false,"fix":"make another"}]}`

func TestExpiring(t *testing.T) {
	api := newFakeAPI(t).on("GET /expiring?within=60d", 200, soon).on("GET /expiring?renews=false&within=7d", 200, soon).
		on("GET /expiring?renews=false&within=1d", 200, `{"items":[]}`).on("POST /expiring/feeds", 201, `{"id":"feed_1","name":"team","url":"https://l/x?feed=lkf_1"}`)
	s := newShell(t, api)
	table := "ENDS       KIND     NAME  SANDBOX  RENEWED  WHAT TO DO\nin 3 days  api key  ci    -        by you   make another\n"
	s.want(0, table, "", "expiring")
	s.want(0, table, "", "expiring", "--fail-within", "1d")
	s.want(1, table, "latchkey: 1 of them within 7d; the first is the api key ci\n", "expiring", "--fail-within", "7d")
	s.want(0, "https://l/x?feed=lkf_1\n", "feed feed_1; its address is shown this once:\n", "feed", "create", "team")
}
