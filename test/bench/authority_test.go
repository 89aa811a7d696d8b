package bench_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/rsasign"
	"latchkey/test/harness"
)

// The contenders.
const (
	opensslSigns     = "OpenSSL: RSA-2048 signatures"
	weSign           = "our signer: RSA-2048 signatures, each after a verification"
	exchanges        = "JWT exchange, RS256 in and out"
	credentialsRS256 = "client credentials, RS256"
	peerRS256        = "oidc-provider: client credentials, RS256"
	credentialsES256 = "client credentials for our own API, ES256"
	barestES256      = "the barest Go server: client credentials, ES256"
	introspects      = "introspection of an RS256 token"
	barestIntrospect = "the barest Go server: introspection of an RS256 token"
)

// BenchmarkAuthority measures how fast tokens are issued over HTTP, beside what limits it: COUNT rounds, of TURN for each.
// It is one comparison however often it is told to run; -benchtime 1x.
func BenchmarkAuthority(b *testing.B) {
	rounds, length := settings(b)
	busy(os.Stdout)
	server := harness.Dev(b)
	w := readWorkspace(b, server.Data)
	own := rival{server.URL, []int{server.PID}}
	t := &table{}
	add := func(name string, r rival, requests ...[]byte) {
		t.contenders = append(t.contenders, contender{name, func() turn { return r.serve(b, requests, length) }})
	}
	if program, there := openssl(); there {
		t.contenders = append(t.contenders, contender{opensslSigns, func() turn { return opensslTurn(b, program) }})
	}
	t.contenders = append(t.contenders, contender{weSign, func() turn { return signing(b, length) }})
	add(exchanges, own, w.exchanges(b, own.address())...)
	form := w.oauth.form("grant_type", "client_credentials", "scope", "AdobeID,target_sdk")
	add(credentialsRS256, own, post(own.address(), "/ims/token/v3", form.Encode()))
	const machine = "client_id=machine&client_secret=" + barestSecret
	if peer, there := oidcProvider(b); there {
		asked := post(peer.address(), "/token", machine+"&grant_type=client_credentials&scope=AdobeID+target_sdk")
		peer.warm(b, asked)
		add(peerRS256, peer, asked)
	}
	bare := barest(b)
	form.Set("resource", server.URL)
	add(credentialsES256, own, post(own.address(), "/ims/token/v3", form.Encode()))
	add(barestES256, bare, post(bare.address(), "/token", machine+"&grant_type=client_credentials&scope=AdobeID+target_sdk"))
	form.Del("resource")
	form = w.oauth.form("token", tokenOf(b, server.URL+"/ims/token/v3", form))
	add(introspects, own, post(own.address(), "/ims/introspect", form.Encode()))
	add(barestIntrospect, bare, post(bare.address(), "/introspect", machine+"&token="+fetched(b, bare.URL+"/sample")))

	t.play(rounds)
	fmt.Printf("\n%d processors, %d clients, %d rounds of %s each in turn, medians\n", runtime.NumCPU(), clients, rounds, length)
	t.print(os.Stdout)
	fmt.Println()
	t.compare(os.Stdout, exchanges, opensslSigns, 0.60)
	t.compare(os.Stdout, exchanges, weSign, 0)
	// 4,400 a second where oidc-provider makes 3,000; 15,000 where the barest server makes 20,000.
	t.compare(os.Stdout, credentialsRS256, peerRS256, 1.47)
	t.compare(os.Stdout, credentialsRS256, opensslSigns, 0.60)
	t.compare(os.Stdout, credentialsES256, barestES256, 0.75)
	t.compare(os.Stdout, introspects, barestIntrospect, 0)
}

// settings reads how long to measure.
func settings(b *testing.B) (rounds int, length time.Duration) {
	b.Helper()
	rounds, length = 3, time.Second
	var err error
	if text := os.Getenv("COUNT"); text != "" {
		rounds, err = strconv.Atoi(text)
	}
	if text := os.Getenv("TURN"); text != "" && err == nil {
		length, err = time.ParseDuration(text)
	}
	if err != nil || rounds < 1 || length <= 0 {
		b.Fatalf("COUNT is a number of rounds and TURN a duration, as COUNT=5 TURN=2s (%v)", err)
	}
	return rounds, length
}

// serve has a server answer requests for a while.
func (r rival) serve(b *testing.B, requests [][]byte, length time.Duration) turn {
	b.Helper()
	before, began := spent(b, r.PIDs...), time.Now()
	took := volley(b, r.address(), requests, length)
	return turn{
		rate: float64(len(took)) / time.Since(began).Seconds(),
		cpu:  (spent(b, r.PIDs...) - before) / time.Duration(len(took)), p99: took[len(took)*99/100],
	}
}

// warm has a server answer until its compiler has seen what it does.
func (r rival) warm(b *testing.B, requests ...[]byte) {
	b.Helper()
	const enough = 3000
	fire(b, dialAll(b, r.address(), requests[0]), requests, func(asked int) bool { return asked < max(enough, len(requests)) })
}

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// signing verifies and signs on every processor, as an exchange of assertions can't but do.
func signing(b *testing.B, length time.Duration) turn {
	b.Helper()
	key := signingKey()
	signer, sum := rsasign.New(key), sha256.Sum256([]byte("measured"))
	before, began := spent(b, os.Getpid()), time.Now()
	var made atomic.Int64
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			var signature []byte
			for time.Since(began) < length {
				var err error
				if signature != nil {
					err = rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature)
				}
				if err == nil {
					signature, err = signer.Sign(nil, sum[:], crypto.SHA256)
				}
				if err != nil {
					b.Error(err)
					return
				}
				made.Add(1)
			}
		})
	}
	wait.Wait()
	n := max(1, made.Load())
	return turn{rate: float64(n) / time.Since(began).Seconds(), cpu: (spent(b, os.Getpid()) - before) / time.Duration(n)}
}

func tokenOf(b *testing.B, address string, form url.Values) string {
	b.Helper()
	response, err := http.PostForm(address, form)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		b.Fatalf("no token from %s: %s (%v)", address, response.Status, err)
	}
	return answer.AccessToken
}

func fetched(b *testing.B, address string) string {
	b.Helper()
	response, err := http.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}
