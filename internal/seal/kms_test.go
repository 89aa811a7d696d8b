//go:build kms

package seal_test

import (
	"context"
	"strings"
	"testing"

	_ "gocloud.dev/secrets/localsecrets" // base64key://

	"latchkey/internal/seal"
)

const localKMS = "base64key://smGbjm71Nxd1Ig5FS0wj9SlbzAIrnolCz9bQQ6uAhl4="

func kmsRoot(t *testing.T, address string) seal.Root {
	t.Helper()
	root, err := seal.KMSRoot(address)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestKMSRoot(t *testing.T) {
	store := newMemory()
	sealed := mustSeal(t, open(t, kmsRoot(t, localKMS), store), row, "x")
	again := open(t, kmsRoot(t, localKMS), store)
	if got, err := again.Open(context.Background(), row, sealed); err != nil || string(got) != "x" {
		t.Errorf("Open() = %q, %v", got, err)
	}
	opened, err := kmsRoot(t, localKMS).Open(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(opened.KeyID(), "kms_") || strings.Contains(opened.KeyID(), "smGb") {
		t.Errorf("KeyID() = %q", opened.KeyID())
	}
	wrapped, err := opened.Wrap(context.Background(), []byte("key"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Unwrap(context.Background(), wrapped, []byte("another place")); err == nil {
		t.Error("Unwrap() for another place succeeds")
	}
	if _, err := seal.KMSRoot("nokms://x"); err == nil {
		t.Error("KMSRoot() of an unknown scheme succeeds")
	}
	for _, scheme := range []string{"awskms:///alias/x?region=eu-central-1", "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k", "azurekeyvault://v.vault.azure.net/keys/k"} {
		if _, err := seal.KMSRoot(scheme); err != nil {
			t.Errorf("KMSRoot(%q) = %v", scheme, err)
		}
	}
	if root, err := seal.KMSRoot("base64key://AAAA"); err == nil {
		if _, err := root.Open(context.Background(), nil); err == nil || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("Open() of a bad key = %v, want an error that does not repeat it", err)
		}
	}
}

// A rotation leads from a file to a KMS, and within the KMS.
func TestRotateToKMS(t *testing.T) {
	store, file := newMemory(), newRoot(t)
	sealed := mustSeal(t, open(t, file, store), row, "x")
	keyring := rotate(t, kmsRoot(t, localKMS), file, store)
	if got, err := keyring.Open(context.Background(), row, sealed); err != nil || string(got) != "x" {
		t.Errorf("Open() = %q, %v", got, err)
	}
	if done := rotate(t, kmsRoot(t, localKMS), nil, store); done == nil {
		t.Error("wrapping anew with the same KMS key failed")
	}
}
