package simulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"time"

	"latchkey/internal/secret"
)

// successor is what the grace mode gives out once more, in clear; it exists only between sealing and opening.
type successor struct {
	Access         string    `json:"access"`
	AccessExpires  time.Time `json:"access_expires"`
	Refresh        string    `json:"refresh"`
	RefreshExpires time.Time `json:"refresh_expires"`
	Scope          []string  `json:"scope"`
}

// sealSuccessor closes an answer with the refresh token that brought it. The ledger knows that token by its digest
// only, so nobody can open the answer but who presents the token again.
func sealSuccessor(token string, out issued) []byte {
	text, err := json.Marshal(successor{
		Access: out.access.Reveal(), AccessExpires: out.accessExpires,
		Refresh: out.refresh.Reveal(), RefreshExpires: out.refreshExpires, Scope: out.scope,
	})
	if err != nil {
		panic("simulator: an answer that JSON cannot express: " + err.Error())
	}
	return successorCipher(token).Seal(nil, nil, text, nil)
}

// openSuccessor gives the answer again; false when it is not one of this token.
func openSuccessor(token string, sealed []byte) (issued, bool) {
	text, err := successorCipher(token).Open(nil, nil, sealed, nil)
	var s successor
	if err != nil || json.Unmarshal(text, &s) != nil {
		return issued{}, false
	}
	return issued{
		access: secret.New(s.Access), accessExpires: s.AccessExpires,
		refresh: secret.New(s.Refresh), refreshExpires: s.RefreshExpires, scope: s.Scope,
	}, true
}

// successorCipher derives a key from a refresh token, whose 260 random bits make a salt needless (RFC 5869 §3.1).
func successorCipher(token string) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, []byte(token), nil, "latchkey simulator: successor of a refresh token", 32)
	if err != nil {
		panic("simulator: deriving a key: " + err.Error())
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("simulator: deriving a key: " + err.Error())
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("simulator: deriving a key: " + err.Error())
	}
	return aead
}
