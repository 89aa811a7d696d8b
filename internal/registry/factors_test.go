package registry_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/registry"
	"latchkey/internal/secret"
)

// appCode is what an app shows at a time, made anew from the RFC: six digits of half a minute.
func appCode(t *testing.T, text secret.String, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(at.Unix()/30))
	mac := hmac.New(sha1.New, key)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at4 := sum[sum[19]&15:]
	return fmt.Sprintf("%06d", (uint32(at4[0]&0x7f)<<24|uint32(at4[1])<<16|uint32(at4[2])<<8|uint32(at4[3]))%1_000_000)
}

// enrolled gives a person with an app, and its secret and recovery codes. The code of now is used then.
func (p *people) enrolled(t *testing.T, email string) (registry.User, secret.String, []secret.String) {
	t.Helper()
	user := p.active(t, registry.NewUser{Email: email, Role: access.Viewer})
	begun, err := p.factors.Enrol(ctx, user, "Acme: & Co")
	if err != nil {
		t.Fatal(err)
	}
	codes, _, err := p.factors.Confirm(ctx, user, appCode(t, begun.Secret, p.hand.Now()))
	if err != nil {
		t.Fatal(err)
	}
	return user, begun.Secret, codes
}

// TestRFC6238_Codes takes a code of this step and of one before or after it, each once, and no older one afterwards.
func TestRFC6238_Codes(t *testing.T) {
	p := newPeople(t)
	user, key, _ := p.enrolled(t, "ada@example.com")
	check := func(code string, want error) {
		t.Helper()
		if _, err := p.factors.Check(ctx, user, code); !errors.Is(err, want) {
			t.Errorf("Check(%q) = %v, want %v", code, err, want)
		}
	}
	now := p.hand.Now()
	check(appCode(t, key, now), registry.ErrSecond) // it was used to confirm
	check(appCode(t, key, now.Add(-30*time.Second)), registry.ErrSecond)
	check(appCode(t, key, now.Add(60*time.Second)), registry.ErrSecond)
	early := appCode(t, key, now.Add(30*time.Second))
	check(" "+early[:3]+" "+early[3:]+" ", nil) // a clock that is ahead, and blanks as apps show them
	check(early, registry.ErrSecond)
	p.hand.Advance(90 * time.Second)
	now = p.hand.Now()
	check(appCode(t, key, now.Add(-60*time.Second)), registry.ErrSecond)
	check(appCode(t, key, now.Add(-30*time.Second)), nil)
	check(appCode(t, key, now), nil)
	for _, wrong := range []string{"", "12345", "1234567", "abcdef", "aaaa-aaaa-aaaa-aaaa", strings.Repeat("9", 5000)} {
		check(wrong, registry.ErrSecond)
	}
}

// TestRecoveryCodes lets each in once, for its own person.
func TestRecoveryCodes(t *testing.T) {
	p := newPeople(t)
	user, _, codes := p.enrolled(t, "ada@example.com")
	other, _, _ := p.enrolled(t, "bob@example.com")
	if len(codes) != 8 || len(codes[0].Reveal()) != 19 || codes[0].Equal(codes[1]) {
		t.Fatalf("the codes are %d, of %d characters", len(codes), len(codes[0].Reveal()))
	}
	if _, err := p.factors.Check(ctx, other, codes[0].Reveal()); !errors.Is(err, registry.ErrSecond) {
		t.Errorf("another person's: %v", err)
	}
	second, err := p.factors.Check(ctx, user, strings.ToUpper(codes[0].Reveal()))
	if err != nil || second.Proof() != registry.ByRecovery {
		t.Errorf("Check() = %v, %v", second.Proof(), err)
	}
	if _, err := p.factors.Check(ctx, user, codes[0].Reveal()); !errors.Is(err, registry.ErrSecond) {
		t.Errorf("the second time: %v", err)
	}
	again, err := p.factors.RenewRecovery(ctx, user)
	if err != nil || len(again) != 8 {
		t.Fatalf("RenewRecovery() = %d, %v", len(again), err)
	}
	if _, err := p.factors.Check(ctx, user, codes[1].Reveal()); !errors.Is(err, registry.ErrSecond) {
		t.Errorf("one of before: %v", err)
	}
	if state, err := p.factors.Of(ctx, user.Caller(), user); err != nil || state.Recovery != 8 || state.Since.IsZero() {
		t.Errorf("Of() = %+v, %v", state, err)
	}
}

// TestEnrolment begins an app as often as somebody likes, and once it counts keeps it from being replaced.
func TestEnrolment(t *testing.T) {
	p := newPeople(t)
	user := p.active(t, registry.NewUser{Email: "ada+x@example.com", Role: access.Viewer})
	if _, _, err := p.factors.Confirm(ctx, user, "123456"); !errors.Is(err, registry.ErrSecond) {
		t.Errorf("Confirm() of none = %v", err)
	}
	first, err := p.factors.Enrol(ctx, user, "Acme: & Co")
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(first.URI.Reveal())
	if err != nil || at.Scheme != "otpauth" || at.Host != "totp" || at.Path != "/Acme  & Co:ada+x@example.com" || at.Query().Get("secret") != first.Secret.Reveal() || at.Query().Get("issuer") != "Acme: & Co" {
		t.Errorf("the URI is %s, %v", first.URI.Reveal(), err)
	}
	if need, err := p.factors.Needs(ctx, user, registry.ByPassword); err != nil || need != registry.NeedNothing {
		t.Errorf("Needs() before the first code = %q, %v", need, err)
	}
	second, err := p.factors.Enrol(ctx, user, "Acme")
	if err != nil || second.Secret.Equal(first.Secret) {
		t.Fatalf("Enrol() again = %v", err)
	}
	if _, _, err := p.factors.Confirm(ctx, user, appCode(t, first.Secret, p.hand.Now())); !errors.Is(err, registry.ErrSecond) {
		t.Errorf("Confirm() by the secret of before = %v", err)
	}
	if again, err := p.factors.Enrolling(ctx, user, "Acme"); err != nil || !again.Secret.Equal(second.Secret) {
		t.Errorf("Enrolling() = %v", err)
	}
	if _, _, err := p.factors.Confirm(ctx, user, appCode(t, second.Secret, p.hand.Now())); err != nil {
		t.Errorf("Confirm() = %v", err)
	}
	if _, err := p.factors.Enrol(ctx, user, "Acme"); !errors.Is(err, registry.ErrConflict) {
		t.Errorf("Enrol() over one that counts = %v", err)
	}
	for proof, want := range map[registry.Proof]registry.Need{
		registry.ByPassword: registry.NeedSecond, registry.ByInvitation: registry.NeedSecond, registry.ByTicket: registry.NeedNothing, registry.ByPasskey: registry.NeedNothing, registry.ByProvider: registry.NeedNothing,
	} {
		if need, err := p.factors.Needs(ctx, user, proof); err != nil || need != want {
			t.Errorf("Needs(%s) = %q, %v, want %q", proof, need, err, want)
		}
	}
}

// TestSecondFactor begins no session without it, leaves the ticket for another try, and takes nobody else's.
func TestSecondFactor(t *testing.T) {
	p := newPeople(t)
	user, key, _ := p.enrolled(t, "ada@example.com")
	bob, bobs, _ := p.enrolled(t, "bob@example.com")
	p.hand.Advance(time.Minute)
	in := registry.Entry{User: user, Proof: registry.ByPassword, Browser: registry.Browser{Address: "203.0.113.7", Agent: "Mozilla\n" + strings.Repeat("x", 999)}}
	_, err := p.sessions.Begin(ctx, in)
	if need, ok := errors.AsType[*registry.NeedError](err); !ok || need.Need != registry.NeedSecond {
		t.Fatalf("Begin() = %v", err)
	}
	ticket, err := p.sessions.Ticket(ctx, in, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.sessions.Redeem(ctx, ticket, registry.Second{}, in.Browser); err == nil {
		t.Error("the ticket begins a session by itself")
	}
	foreign, err := p.factors.Check(ctx, bob, appCode(t, bobs, p.hand.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.sessions.Redeem(ctx, ticket, foreign, in.Browser); !errors.Is(err, registry.ErrSecond) {
		t.Errorf("Redeem() by another's code = %v", err)
	}
	second, err := p.factors.Check(ctx, user, appCode(t, key, p.hand.Now()))
	if err != nil {
		t.Fatal(err)
	}
	begun, err := p.sessions.Redeem(ctx, ticket, second, in.Browser)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := p.sessions.Open(ctx, begun.Name)
	if err != nil || s.Second != registry.ByCode || s.Proof != registry.ByPassword || s.Browser.Address != "203.0.113.7" || len(s.Browser.Agent) != 256 || strings.Contains(s.Browser.Agent, "\n") {
		t.Errorf("the session is %+v, %v", s, err)
	}
	if _, err := p.sessions.Redeem(ctx, ticket, second, in.Browser); !errors.Is(err, registry.ErrLink) {
		t.Errorf("Redeem() again = %v", err)
	}
	// An administrator lets somebody in who has lost the device; nobody does so for himself.
	if _, err := p.factors.Reset(ctx, bob.Caller(), user.ID); err == nil {
		t.Error("a viewer resets another's")
	}
	if _, err := p.factors.Reset(ctx, p.admin, user.Email); err != nil {
		t.Error(err)
	}
	if _, err := p.sessions.Begin(ctx, in); err != nil {
		t.Errorf("Begin() after the reset = %v", err)
	}
	if err := p.factors.SetRules(ctx, bob.Caller(), registry.SignInRules{}); err == nil {
		t.Error("a viewer changes the rules")
	}
	if err := p.factors.SetRules(ctx, p.admin, registry.SignInRules{SecondFactor: true}); err != nil {
		t.Error(err)
	}
	_, err = p.sessions.Begin(ctx, in)
	if need, ok := errors.AsType[*registry.NeedError](err); !ok || need.Need != registry.NeedEnrolment {
		t.Errorf("Begin() where a second factor is asked for = %v", err)
	}
}

// TestOwnSessions shows a person his or her own, an administrator everybody's, and ends those that are meant.
func TestOwnSessions(t *testing.T) {
	p := newPeople(t)
	ada := p.active(t, registry.NewUser{Email: "ada@example.com", Role: access.Viewer})
	bob := p.active(t, registry.NewUser{Email: "bob@example.com", Role: access.Developer})
	begin := func(user registry.User) (registry.Begun, registry.Session) {
		t.Helper()
		begun, err := p.sessions.Begin(ctx, registry.Entry{User: user, Proof: registry.ByPassword})
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := p.sessions.Open(ctx, begun.Name)
		if err != nil {
			t.Fatal(err)
		}
		return begun, s
	}
	first, _ := begin(ada)
	p.hand.Advance(time.Second)
	here, hereIs := begin(ada)
	_, bobsIs := begin(bob)
	all, err := p.sessions.List(ctx, ada.Caller(), ada.ID)
	if err != nil || len(all) != 2 || all[0].ID != hereIs.ID {
		t.Errorf("List() = %+v, %v", all, err)
	}
	foreign := admin(two)
	for name, err := range map[string]error{
		"listing another's":            func() error { _, err := p.sessions.List(ctx, bob.Caller(), ada.ID); return err }(),
		"ending another's":             p.sessions.EndOne(ctx, bob.Caller(), ada.ID, hereIs.ID),
		"ending by an id of another's": p.sessions.EndOne(ctx, ada.Caller(), ada.ID, bobsIs.ID),
		"ending none":                  p.sessions.EndOne(ctx, ada.Caller(), ada.ID, ""),
		"from another organization":    p.sessions.EndOne(ctx, foreign, ada.ID, hereIs.ID),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ticket, err := p.sessions.Ticket(ctx, registry.Entry{User: ada, Proof: registry.ByTicket}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := p.sessions.EndAll(ctx, ada.Caller(), ada.ID, hereIs.ID); n != 1 || err != nil {
		t.Errorf("EndAll() but this = %d, %v", n, err)
	}
	if _, _, err := p.sessions.Open(ctx, first.Name); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the other session: %v", err)
	}
	if _, err := p.sessions.Redeem(ctx, ticket, registry.Second{}, registry.Browser{}); !errors.Is(err, registry.ErrLink) {
		t.Errorf("a ticket of before: %v", err)
	}
	if _, _, err := p.sessions.Open(ctx, here.Name); err != nil {
		t.Errorf("this session: %v", err)
	}
	if err := p.sessions.EndOne(ctx, p.admin, bob.ID, bobsIs.ID); err != nil {
		t.Errorf("an administrator: %v", err)
	}
	// Another password ends them, but for the browser where it was changed.
	if _, err := p.ChangePassword(ctx, ada, secret.New("wrong"), secret.New("another battery staple")); !errors.Is(err, registry.ErrSignIn) {
		t.Errorf("ChangePassword() by a wrong one = %v", err)
	}
	if _, err := p.ChangePassword(ctx, ada, secret.New(password), secret.New("short")); err == nil {
		t.Error("ChangePassword() takes a short one")
	}
	changed, err := p.ChangePassword(ctx, ada, secret.New(password), secret.New("another battery staple"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.sessions.Open(ctx, here.Name); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the session of before: %v", err)
	}
	renewed, err := p.sessions.Renew(ctx, hereIs, changed)
	if _, _, opened := p.sessions.Open(ctx, renewed.Name); err != nil || opened != nil {
		t.Errorf("Renew() = %v, %v", err, opened)
	}
}
