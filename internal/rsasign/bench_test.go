package rsasign_test

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"latchkey/internal/rsasign"
)

// BenchmarkSign makes RS256 signatures beside the standard library and beside OpenSSL, one at a time.
func BenchmarkSign(b *testing.B) {
	keys := edgeKeys(b)
	keys["2048"] = usual()
	for _, size := range []string{"2048", "3072", "4096"} {
		key, digest := keys[size], digestOf(crypto.SHA256, 1)
		sign := func(signer crypto.Signer) func(*testing.B) {
			return func(b *testing.B) {
				for b.Loop() {
					if _, err := signer.Sign(nil, digest, crypto.SHA256); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		b.Run(size+"/rsasign", sign(rsasign.New(key)))
		b.Run(size+"/standard", sign(key))
		b.Run(size+"/openssl", func(b *testing.B) {
			b.ReportMetric(openssl(b, "rsa"+size), "ns/op")
		})
	}
}

// signed finds the time of a signature in the last line of openssl speed: "rsa 2048 bits 0.001363s 0.000039s …".
var signed = regexp.MustCompile(`(?m)^rsa +\d+ bits +([0-9.]+)s .* ([0-9.]+) +[0-9.]+$`)

// openssl gives the nanoseconds of one signature.
func openssl(b *testing.B, algorithm string) float64 {
	b.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		b.Skip("openssl is not installed; there is nothing to compare with")
	}
	out, err := exec.Command(program, "speed", "-elapsed", "-seconds", "2", algorithm).Output()
	if err != nil {
		b.Fatal(err)
	}
	found := signed.FindSubmatch(out)
	if found == nil {
		b.Fatalf("openssl speed says something else:\n%s", out)
	}
	rate, err := strconv.ParseFloat(string(found[2]), 64)
	if err != nil || rate == 0 {
		b.Fatal(fmt.Errorf("reading the rate of %q: %w", found[0], err))
	}
	return 1e9 / rate
}

// BenchmarkNew makes a signer of a key.
func BenchmarkNew(b *testing.B) {
	key := usual()
	for b.Loop() {
		rsasign.New(key)
	}
}

// BenchmarkVerify checks RS256 signatures beside the standard library.
func BenchmarkVerify(b *testing.B) {
	key, digest := usual(), digestOf(crypto.SHA256, 1)
	signature, err := key.Sign(nil, digest, crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	for name, verify := range map[string]func(*rsa.PublicKey, crypto.Hash, []byte, []byte) error{"rsasign": rsasign.Verify, "standard": rsa.VerifyPKCS1v15} {
		b.Run("2048/"+name, func(b *testing.B) {
			for b.Loop() {
				if err := verify(&key.PublicKey, crypto.SHA256, digest, signature); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
