package owner_test

import (
	"testing"
	"time"

	"latchkey/client"
	owner "latchkey/examples/test"
	"latchkey/latchkeytest"
)

// source gives the program under test, connected to an account of the provider.
func source(t *testing.T, latchkey *latchkeytest.Server) *owner.Source {
	t.Helper()
	keeper, err := client.NewKeeper(client.KeeperConfig{Client: latchkey.Client()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keeper.Close)
	account := latchkey.Connection("acme", latchkeytest.AuthorizationCode)
	return owner.New(keeper, account.ID, latchkey.ProviderURL())
}

func want(t *testing.T, s *owner.Source) {
	t.Helper()
	if got, err := s.Owner(t.Context()); got != "ada@example.com" || err != nil {
		t.Errorf("Owner() = %q, %v", got, err)
	}
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	latchkey := latchkeytest.Start(t)
	s := source(t, latchkey)
	for range 3 {
		want(t, s)
		latchkey.Advance(2 * time.Hour) // the service refuses what the program holds; nobody notices
	}
}

func TestTheServiceIsAway(t *testing.T) {
	t.Parallel()
	latchkey := latchkeytest.Start(t)
	s := source(t, latchkey)
	latchkey.Fault(latchkeytest.Unreachable().ForGrant(latchkeytest.Refresh).Times(3))
	latchkey.Advance(time.Hour) // three renewals fail, and the fourth is in time
	want(t, s)
}

func TestTheAccountIsDisconnected(t *testing.T) {
	t.Parallel()
	latchkey := latchkeytest.Start(t)
	s := source(t, latchkey)
	want(t, s)
	latchkey.Revoke()
	if got, err := s.Owner(t.Context()); err == nil {
		t.Errorf("Owner() = %q of an account that was disconnected", got)
	}
}
