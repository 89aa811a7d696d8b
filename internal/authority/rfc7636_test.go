package authority_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// TestRFC7636_4_3_Plain holds that a challenge without a method is the verifier itself.
func TestRFC7636_4_3_Plain(t *testing.T) {
	w := newWorld(t)
	code, _ := w.allow(t, ada, asking(spaID, "code_challenge", verifier, "code_challenge_method", ""))
	if got := w.post(t, "/ims/token/v3", redeem(spaID, code)); got.status != 200 {
		t.Errorf("the verifier is the challenge: %s", got.error())
	}
}

// TestRFC7636_4_4_NotInTheCode holds that nobody who sees a code can read the challenge in it, nor of a plain one the verifier (§7.2).
func TestRFC7636_4_4_NotInTheCode(t *testing.T) {
	w := newWorld(t)
	for method, sent := range map[string]string{"S256": challenge, "plain": verifier} {
		code, _ := w.allow(t, ada, asking(webID, "code_challenge", sent, "code_challenge_method", method))
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(code, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(verifier))
		for _, hidden := range []string{verifier, challenge, string(sum[:])} {
			if strings.Contains(string(text), hidden) {
				t.Errorf("%s: the code says %s", method, text)
			}
		}
		if got := w.post(t, "/ims/token/v3", redeem(webID, code)); got.status != 200 {
			t.Errorf("%s: %s", method, got.error())
		}
	}
}

// TestRFC7636_4_5_Method holds that the method is the one that came with the challenge, whatever the token request says.
func TestRFC7636_4_5_Method(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ sent, method, verifier string }{
		"S256, then plain": {challenge, "S256", challenge}, "plain, then S256": {challenge, "plain", verifier},
	} {
		code, _ := w.allow(t, ada, asking(spaID, "code_challenge", c.sent, "code_challenge_method", c.method))
		for _, claimed := range []string{"plain", "S256", ""} {
			got := w.post(t, "/ims/token/v3", redeem(spaID, code, "code_verifier", c.verifier, "code_challenge_method", claimed, "code_challenge", c.verifier))
			if got.body["error"] != "invalid_grant" {
				t.Errorf("%s, as %q: %s", name, claimed, got.error())
			}
		}
	}
}
