package registrytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// wants fails unless err is what is wanted.
func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", what, err, want)
	}
}

func testSomeSessions(t *testing.T, store PeopleStore, ada registry.User) {
	ctx := context.Background()
	a, b, ticket := newSession("a", ada), newSession("b", ada), newSession("ticket", ada)
	a.Second, a.Browser, a.Others = registry.ByCode, registry.Browser{Address: "203.0.113.7", Agent: "Firefox"}, []string{"B@y", "C@z"}
	b.SeenAt, ticket.Ticket = at.Add(time.Minute), true
	begin(t, store, a, b, ticket)
	all, err := store.SessionsOf(ctx, one, ada.ID, at)
	if diff := cmp.Diff([]registry.Session{b, a}, all, sameTimes); diff != "" || err != nil {
		t.Errorf("SessionsOf() = %v (-want +got):\n%s", err, diff)
	}
	for _, none := range []struct{ organization, person string }{{two, ada.ID}, {one, "N@x"}} {
		if got, err := store.SessionsOf(ctx, none.organization, none.person, at); len(got) != 0 || err != nil {
			t.Errorf("SessionsOf(%v) = %v, %v", none, got, err)
		}
		if n, err := store.EndSessions(ctx, none.organization, none.person, registry.SessionPick{}, entry); n != 0 || err != nil {
			t.Errorf("EndSessions(%v) = %d, %v", none, n, err)
		}
	}
	if got, _ := store.SessionsOf(ctx, one, ada.ID, at.Add(time.Hour)); len(got) != 0 {
		t.Errorf("SessionsOf() after their end = %v", got)
	}
	if n, err := store.EndSessions(ctx, one, ada.ID, registry.SessionPick{ID: "ses_none"}, entry); n != 0 || err != nil {
		t.Errorf("EndSessions() of none = %d, %v", n, err)
	}
	if n, err := store.EndSessions(ctx, one, ada.ID, registry.SessionPick{Except: b.ID}, entry); n != 1 || err != nil {
		t.Errorf("EndSessions() but one = %d, %v", n, err)
	}
	gone(t, store, "a", "ticket")
	if n, err := store.EndSessions(ctx, one, ada.ID, registry.SessionPick{ID: b.ID}, entry); n != 1 || err != nil {
		t.Errorf("EndSessions() of one = %d, %v", n, err)
	}
	gone(t, store, "b")
}

func testFactors(t *testing.T, store PeopleStore, ada registry.User) {
	ctx := context.Background()
	_, err := store.Authenticator(ctx, ada.ID)
	wants(t, "Authenticator() of none", err, registry.ErrNotFound)
	a := registry.Authenticator{Person: ada.ID, Organization: one, Secret: secret.New("JBSWY3DPEHPK3PXP"), CreatedAt: at}
	nobody := a
	nobody.Person = "N@x"
	wants(t, "AddAuthenticator() of nobody", store.AddAuthenticator(ctx, nobody, entry), registry.ErrNotFound)
	for range 2 { // what awaits its first code is replaced
		wants(t, "AddAuthenticator()", store.AddAuthenticator(ctx, a, entry), nil)
	}
	wants(t, "TakeCode() of one that does not count yet", store.TakeCode(ctx, ada.ID, 5, time.Time{}, nil, entry), registry.ErrConflict)
	wants(t, "TakeCode() for the first time", store.TakeCode(ctx, ada.ID, 5, at, [][]byte{{1}, {2}}, entry), nil)
	wants(t, "TakeCode() for the first time, again", store.TakeCode(ctx, ada.ID, 6, at, nil, entry), registry.ErrConflict)
	wants(t, "AddAuthenticator() over one that counts", store.AddAuthenticator(ctx, a, entry), registry.ErrConflict)
	got, err := store.Authenticator(ctx, ada.ID)
	if err != nil || got.Secret.Reveal() != a.Secret.Reveal() || got.Step != 5 || !got.ConfirmedAt.Equal(at) || got.Organization != one {
		t.Errorf("Authenticator() = %+v, %v", got, err)
	}
	wants(t, "TakeCode() of the same", store.TakeCode(ctx, ada.ID, 5, time.Time{}, nil, entry), registry.ErrConflict)
	wants(t, "TakeCode() of the next", store.TakeCode(ctx, ada.ID, 6, time.Time{}, nil, entry), nil)
	count := func(want int) {
		t.Helper()
		if n, err := store.Recovery(ctx, ada.ID); n != want || err != nil {
			t.Errorf("Recovery() = %d, %v, want %d", n, err, want)
		}
	}
	count(2)
	wants(t, "TakeRecovery()", store.TakeRecovery(ctx, ada.ID, []byte{1}, entry), nil)
	wants(t, "TakeRecovery() again", store.TakeRecovery(ctx, ada.ID, []byte{1}, entry), registry.ErrNotFound)
	wants(t, "PutRecovery()", store.PutRecovery(ctx, one, ada.ID, [][]byte{{7}, {8}, {9}}, entry), nil)
	wants(t, "PutRecovery() of nobody", store.PutRecovery(ctx, one, "N@x", [][]byte{{7}}, entry), registry.ErrNotFound)
	count(3)
	wants(t, "RemoveFactors() of another organization", store.RemoveFactors(ctx, two, ada.ID, true, entry), nil)
	count(3)
	wants(t, "RemoveFactors()", store.RemoveFactors(ctx, one, ada.ID, false, entry), nil)
	count(0)
	for _, want := range []bool{true, false} {
		wants(t, "PutSignInRules()", store.PutSignInRules(ctx, one, registry.SignInRules{SecondFactor: want}, entry), nil)
		if rules, err := store.SignInRules(ctx, one); err != nil || rules.SecondFactor != want {
			t.Errorf("SignInRules() = %+v, %v", rules, err)
		}
	}
	if rules, err := store.SignInRules(ctx, two); err != nil || rules.SecondFactor {
		t.Errorf("SignInRules() of another = %+v, %v", rules, err)
	}
}

func testPasskeys(t *testing.T, store PeopleStore, ada registry.User) {
	ctx := context.Background()
	p := registry.Passkey{ID: "pk_1", Person: ada.ID, Organization: one, Host: "localhost", Credential: []byte("c1"), Name: "phone", Record: `{"n":1}`, CreatedAt: at}
	spent := func(n byte) registry.Spent { return registry.Spent{Hash: []byte{n}, Until: at.Add(time.Hour)} }
	wants(t, "AddPasskey()", store.AddPasskey(ctx, p, spent(1), entry), nil)
	same := p
	same.ID = "pk_2"
	wants(t, "AddPasskey() of the same", store.AddPasskey(ctx, same, spent(2), entry), registry.ErrNameTaken)
	same.Host = "latchkey.example.com"
	wants(t, "AddPasskey() at another host", store.AddPasskey(ctx, same, spent(3), entry), nil)
	nobody := p
	nobody.ID, nobody.Person, nobody.Credential = "pk_3", "N@x", []byte("c3")
	wants(t, "AddPasskey() of nobody", store.AddPasskey(ctx, nobody, spent(4), entry), registry.ErrNotFound)
	all, err := store.Passkeys(ctx, registry.PasskeyKey{Person: ada.ID})
	if diff := cmp.Diff([]registry.Passkey{p, same}, all, sameTimes); diff != "" || err != nil {
		t.Errorf("Passkeys() = %v (-want +got):\n%s", err, diff)
	}
	before := p.Record
	p.Record, p.UsedAt = `{"n":2}`, at.Add(time.Hour)
	wants(t, "UsePasskey() of an answer to the challenge of before", store.UsePasskey(ctx, p, before, spent(1), entry), registry.ErrPasskeyUsed)
	wants(t, "UsePasskey()", store.UsePasskey(ctx, p, before, spent(5), entry), nil)
	wants(t, "UsePasskey() by the record of before", store.UsePasskey(ctx, p, before, spent(6), entry), registry.ErrConflict)
	p.Name = "my phone"
	wants(t, "RenamePasskey()", store.RenamePasskey(ctx, ada.ID, p.ID, p.Name, entry), nil)
	wants(t, "RenamePasskey() of another's", store.RenamePasskey(ctx, "B@x", p.ID, p.Name, entry), registry.ErrNotFound)
	found, err := store.Passkeys(ctx, registry.PasskeyKey{Host: "localhost", Credential: []byte("c1")})
	if diff := cmp.Diff([]registry.Passkey{p}, found, sameTimes); diff != "" || err != nil {
		t.Errorf("Passkeys() of a credential = %v (-want +got):\n%s", err, diff)
	}
	wants(t, "PutRecovery()", store.PutRecovery(ctx, one, ada.ID, [][]byte{{7}}, entry), nil)
	wants(t, "RemovePasskey() of another's", store.RemovePasskey(ctx, "B@x", p.ID, entry), registry.ErrNotFound)
	for i, id := range []string{p.ID, same.ID} {
		wants(t, "RemovePasskey()", store.RemovePasskey(ctx, ada.ID, id, entry), nil)
		if n, _ := store.Recovery(ctx, ada.ID); n != 1-i { // they go with the last
			t.Errorf("after %d there are %d recovery codes", i+1, n)
		}
	}
}
