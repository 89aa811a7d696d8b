package project

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/ident"
	"latchkey/internal/secret"
)

// The forms of ids are in spec/ims-and-console.md §4.

const (
	firstNumber = 4_000_000_000_000_000_000 // so that every id has 19 digits and the first is in the range of real ones
	numberEpoch = 1_704_067_200_000_000_000 // 2024-01-01, in nanoseconds
)

// newNumber makes an id of 19 digits that grows with time and fits in 63 bits: nanoseconds, of which the last eight bits
// are random, against what another node makes in the same instant.
func newNumber() string {
	var drawn [1]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	ticks := max(time.Now().UnixNano()-numberEpoch, 0)
	return strconv.FormatInt((firstNumber+ticks)&^0xff|int64(drawn[0]), 10)
}

// newHex makes lower-case hexadecimal digits of n random bytes.
func newHex(n int) string {
	drawn := make([]byte, n)
	_, _ = rand.Read(drawn) // never fails, crypto/rand
	return hex.EncodeToString(drawn)
}

// newClientID makes what a client is known by.
func newClientID() string { return newHex(16) }

const technicalSuffix = "@techacct.adobe.com"

// IsTechnicalAccount tells whether a token's subject is a credential's own account, rather than a person.
func IsTechnicalAccount(id string) bool { return strings.HasSuffix(id, technicalSuffix) }

func newTechnicalAccount() TechnicalAccount {
	return TechnicalAccount{ID: strings.ToUpper(newHex(12)) + technicalSuffix, Email: ident.UUID() + technicalSuffix}
}

// newProductID makes what a license is known by: 20 upper-case hexadecimal digits.
func newProductID() string { return strings.ToUpper(newHex(10)) }

const secretMark = "p8e-"

// newSecret draws a client secret of 256 bits.
func newSecret() secret.String {
	var drawn [32]byte
	_, _ = rand.Read(drawn[:]) // never fails, crypto/rand
	return secret.New(secretMark + base64.RawURLEncoding.EncodeToString(drawn[:]))
}

// newProfileID makes nine digits, as product profiles have.
func newProfileID() string {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000))
	if err != nil {
		panic(fmt.Sprintf("project: drawing a number: %v", err)) // crypto/rand never fails
	}
	return strconv.FormatInt(100_000_000+n.Int64(), 10)
}
