package rsasign_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/binary"
	"io"
	"math/big"
	"sync"
	"testing"

	"latchkey/internal/rsasign"
)

// TestSameAsStandard signs many messages. The signature of PKCS #1 v1.5 is one number, the only one below the modulus
// that verifies; so what crypto/rsa verifies is what it would have made, and some are compared byte by byte too.
func TestSameAsStandard(t *testing.T) {
	keys := edgeKeys(t)
	keys["2048 drawn"] = usual()
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := signerOf(t, key)
			count := map[int]int{256: 150, 384: 40, 512: 20}[key.Size()]
			if name == "2048 drawn" {
				count = 1000
			}
			if !rsasign.Accelerated() { // it is crypto/rsa that signs
				count = 10
			}
			for i := range count {
				hash := []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}[i%3]
				digest := digestOf(hash, i)
				got, err := signer.Sign(nil, digest, hash)
				if err != nil {
					t.Fatal(err)
				}
				if err := rsa.VerifyPKCS1v15(&key.PublicKey, hash, digest, got); err != nil {
					t.Fatalf("the signature of %x: %v", digest, err)
				}
				if i > 4 {
					continue
				}
				if want, err := key.Sign(nil, digest, hash); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("signed %x as %x, want %x (%v)", digest, got, want, err)
				}
			}
		})
	}
}

func TestPSS(t *testing.T) {
	keys := edgeKeys(t)
	for _, name := range []string{"2048 low high", "3072", "4096"} {
		key := keys[name]
		signer := signerOf(t, key)
		for _, length := range []int{rsa.PSSSaltLengthEqualsHash, rsa.PSSSaltLengthAuto, 1, 20} {
			for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA512} {
				options := &rsa.PSSOptions{SaltLength: length, Hash: hash}
				for i := range 4 {
					digest := digestOf(hash, i)
					signature, err := signer.Sign(rand.Reader, digest, options)
					if err != nil {
						t.Fatal(err)
					}
					if err := rsa.VerifyPSS(&key.PublicKey, hash, digest, signature, options); err != nil {
						t.Errorf("%s, salt of %d, %v: %v", name, length, hash, err)
					}
				}
			}
		}
	}
}

// TestPSSSalt holds that the salt is what the reader gives: the same gives the same signature, another another one.
func TestPSSSalt(t *testing.T) {
	signer := signerOf(t, usual())
	digest, options := digestOf(crypto.SHA256, 1), &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}
	sign := func(random io.Reader) []byte {
		signature, err := signer.Sign(random, digest, options)
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	zeros := func() io.Reader { return bytes.NewReader(make([]byte, 32)) }
	if !bytes.Equal(sign(zeros()), sign(zeros())) {
		t.Error("one salt made two signatures")
	}
	if bytes.Equal(sign(zeros()), sign(rand.Reader)) {
		t.Error("two salts made one signature")
	}
}

// TestSignsConcurrently signs with one signer from many goroutines: none sees what another computes.
func TestSignsConcurrently(t *testing.T) {
	key := usual()
	signer := signerOf(t, key)
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			for i := range 30 {
				digest := digestOf(crypto.SHA256, 1000*worker+i)
				signature, err := signer.Sign(nil, digest, crypto.SHA256)
				if err == nil {
					err = rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest, signature)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

// TestOtherKeys holds that what the assembly can't do is signed all the same, by the key itself.
func TestOtherKeys(t *testing.T) {
	bare := *usual()
	bare.Precomputed = rsa.PrecomputedValues{}
	keys := map[string]*rsa.PrivateKey{
		"1024 bits":       made(t, prime(t, 512), prime(t, 512)),
		"unequal primes":  made(t, prime(t, 1100), prime(t, 948)),
		"three primes":    made(t, prime(t, 683), prime(t, 683), prime(t, 682)),
		"exponent 3":      withExponent(t, 3, below(1024, 179), apart(below(1024, 2299), -1, 1000)),
		"not precomputed": &bare,
	}
	for name, key := range keys {
		signer := rsasign.New(key)
		if _, itself := signer.(*rsa.PrivateKey); !itself {
			t.Errorf("%s: the assembly would sign", name)
		}
		checkSigns(t, name, signer, key)
	}
}

// TestFaults gives the assembly a key with one number wrong, as a fault of the machine would: its result must not
// leave, and crypto/rsa, which holds numbers of its own, signs.
func TestFaults(t *testing.T) {
	for name, spoil := range map[string]func(*rsa.PrivateKey){
		"exponent of p": func(key *rsa.PrivateKey) { key.Precomputed.Dp = plus(key.Precomputed.Dp, -2) },
		"exponent of q": func(key *rsa.PrivateKey) { key.Precomputed.Dq = plus(key.Precomputed.Dq, -2) },
		"inverse of q":  func(key *rsa.PrivateKey) { key.Precomputed.Qinv = plus(key.Precomputed.Qinv, -1) },
	} {
		key := made(t, below(1024, 105), above(1024, 925))
		spoil(key)
		signer := signerOf(t, key)
		checkSigns(t, name, signer, key)
	}
}

// TestSameErrors holds that what is wrong or unusual in a call is answered as crypto/rsa answers it.
func TestSameErrors(t *testing.T) {
	key := usual()
	signer := signerOf(t, key)
	digest := digestOf(crypto.SHA256, 1)
	for name, c := range map[string]struct {
		digest  []byte
		options crypto.SignerOpts
	}{
		"short digest":     {digest[:31], crypto.SHA256},
		"other hash":       {digest, crypto.SHA512},
		"no hash":          {digest, crypto.Hash(0)},
		"PSS, short":       {digest[:31], &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256}},
		"PSS, long salt":   {digest, &rsa.PSSOptions{SaltLength: 223, Hash: crypto.SHA256}},
		"PSS, longest":     {digest, &rsa.PSSOptions{SaltLength: 222, Hash: crypto.SHA256}},
		"PSS, salt of -2":  {digest, &rsa.PSSOptions{SaltLength: -2, Hash: crypto.SHA256}},
		"seldom used hash": {digest, crypto.SHA512_256},
	} {
		got, err := signer.Sign(rand.Reader, c.digest, c.options)
		want, wanted := key.Sign(rand.Reader, c.digest, c.options)
		if (err == nil) != (wanted == nil) || err != nil && err.Error() != wanted.Error() || len(got) != len(want) {
			t.Errorf("%s: %d bytes, error %v, want %d, %v", name, len(got), err, len(want), wanted)
		}
	}
}

func TestPublic(t *testing.T) {
	if key := usual(); !key.PublicKey.Equal(rsasign.New(key).Public()) {
		t.Error("the public key is another one")
	}
}

// signerOf gives the signer, which must be the assembly's where the machine has the instructions.
func signerOf(t testing.TB, key *rsa.PrivateKey) crypto.Signer {
	t.Helper()
	signer := rsasign.New(key)
	if _, itself := signer.(*rsa.PrivateKey); itself == rsasign.Accelerated() {
		t.Fatalf("the signer is a %T, though Accelerated is %v", signer, rsasign.Accelerated())
	}
	return signer
}

func checkSigns(t *testing.T, name string, signer crypto.Signer, key *rsa.PrivateKey) {
	t.Helper()
	digest := digestOf(crypto.SHA256, 1)
	signature, err := signer.Sign(rand.Reader, digest, crypto.SHA256)
	if err == nil {
		err = rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest, signature)
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// digestOf gives the digest of message i.
func digestOf(hash crypto.Hash, i int) []byte {
	h := hash.New()
	h.Write(binary.BigEndian.AppendUint64([]byte("message "), uint64(i)))
	return h.Sum(nil)
}

func plus(x *big.Int, y int64) *big.Int { return new(big.Int).Add(x, big.NewInt(y)) }

// prime draws one that the usual exponent has an inverse for.
func prime(t testing.TB, bits int) *big.Int {
	t.Helper()
	for {
		p, err := rand.Prime(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		if rest := new(big.Int).Mod(p, big.NewInt(65537)); rest.Int64() != 1 {
			return p
		}
	}
}
