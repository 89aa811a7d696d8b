package seal_test

import (
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// BenchmarkTinkOpen is what BenchmarkOpen is to be compared with.
func BenchmarkTinkOpen(b *testing.B) {
	handle, err := keyset.NewHandle(aead.XAES256GCM192BitNonceKeyTemplate())
	if err != nil {
		b.Fatal(err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		b.Fatal(err)
	}
	place := make([]byte, 80)
	sealed, err := primitive.Encrypt(token, place)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := primitive.Decrypt(sealed, place); err != nil {
			b.Fatal(err)
		}
	}
}
