package connector_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"latchkey/internal/clock"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/secret"
)

// A record is keyed by the visitor and carries the event's id; several go together, in their order.
func TestKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "triggers"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := open(t, "", connector.Entry{Kafka: &connector.Kafka{Brokers: cluster.ListenAddrs(), Topic: "triggers", Format: connector.XML}})
	deliver(t, c, 1)
	if n, err := c.(connector.Batcher).DeliverAll(t.Context(), triggers(t, 2, 3, 4)); n != 3 || err != nil {
		t.Fatalf("DeliverAll() = %d, %v", n, err)
	}
	consumer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics("triggers"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(consumer.Close)
	var got []*kgo.Record
	for len(got) < 4 && t.Context().Err() == nil {
		got = append(got, consumer.PollFetches(t.Context()).Records()...)
	}
	var ids []string
	for _, record := range got {
		ids = append(ids, string(record.Headers[0].Value))
	}
	if string(got[0].Key) != "1" || strings.Join(ids, " ") != "m-1 m-2 m-3 m-4" || got[0].Partition != got[3].Partition {
		t.Errorf("the topic has %+v", got)
	}
}

// readAs takes an entry as the settings' file has it.
func readAs(t *testing.T, dir, entry string) connector.Entry {
	t.Helper()
	path := filepath.Join(dir, "pipelined-x.yaml")
	if err := os.WriteFile(path, []byte("connectors: {a: "+entry+"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := connector.ReadSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	return s.Connectors["a"]
}

// Brokers that ask who produces are told, over TLS by an authority of their own, and a wrong password is an error that does
// not show it.
func TestKafkaSASL(t *testing.T) {
	place := httptest.NewUnstartedServer(nil)
	place.StartTLS() // for its certificate alone
	certificate := place.TLS.Certificates[0]
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: place.Certificate().Raw})
	place.Close()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "triggers"), kfake.EnableSASL(), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}}),
		kfake.Superuser("PLAIN", "ada", "pl@in"), kfake.Superuser("SCRAM-SHA-256", "ada", "pw-256"), kfake.Superuser("SCRAM-SHA-512", "ada", "pw-512"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	dir := t.TempDir()
	for name, text := range map[string]string{"ca.pem": string(roots), "password": "pw-512\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LATCHKEY_TEST_PASSWORD", "pw-256")
	entry := func(sasl string) connector.Entry {
		return readAs(t, dir, "{kafka: {brokers: [\""+strings.Join(cluster.ListenAddrs(), ",")+"\"], topic: triggers, tls: true, ca_file: ca.pem, sasl: {user: ada, "+sasl+"}}}")
	}
	for _, sasl := range []string{"mechanism: PLAIN, password: pl@in", "mechanism: scram-sha-256, password: \"env:LATCHKEY_TEST_PASSWORD\"", "mechanism: SCRAM-SHA-512, password: \"@password\""} {
		deliver(t, open(t, dir, entry(sasl)), 1)
	}
	wrong := entry("mechanism: plain, password: not-this-one")
	config := connector.Config{Clock: clock.System(), Dir: dir}
	if _, err := connector.Open(t.Context(), config, wrong); err == nil || strings.Contains(err.Error(), "not-this-one") || !strings.Contains(err.Error(), "sasl") {
		t.Errorf("Open() with a wrong password = %v", err)
	}
	if other := entry("mechanism: plain, password: another"); other.Key() == wrong.Key() {
		t.Error("another password is no other connector")
	}
	stranger := wrong
	stranger.Kafka.CAFile = ""
	if _, err := connector.Open(t.Context(), config, stranger); !errors.As(err, new(x509.UnknownAuthorityError)) {
		t.Errorf("Open() beside an unknown authority = %v", err)
	}
}

// A token is asked for at each authentication: of a file, or of a connection of Latchkey.
func TestKafkaOAuth(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "triggers"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	presented := make(chan string, 64)
	cluster.ControlKey(int16(kmsg.SASLHandshake), func(q kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return q.ResponseKind(), nil, true
	})
	cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(q kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		presented <- string(q.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes)
		return q.ResponseKind(), nil, true
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := connector.Config{Clock: clock.System(), Dir: dir, Token: func(_ context.Context, connection string) (secret.String, error) {
		return secret.New("token-of-" + connection), nil
	}}
	for sasl, want := range map[string]string{"token: \"@token\"": "renewed", "connection: my-kafka": "token-of-my-kafka"} {
		entry := readAs(t, dir, "{kafka: {brokers: [\""+strings.Join(cluster.ListenAddrs(), ",")+"\"], topic: triggers, sasl: {mechanism: oauthbearer, "+sasl+"}}}")
		if err := os.WriteFile(filepath.Join(dir, "token"), []byte("renewed\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := connector.Open(t.Context(), config, entry)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Deliver(t.Context(), trigger(t, 1)); err != nil {
			t.Errorf("Deliver() = %v", err)
		}
		if got := <-presented; !strings.Contains(got, "auth=Bearer "+want) {
			t.Errorf("the broker was shown %q, want %q", got, want)
		}
		_ = c.Close()
		for len(presented) > 0 {
			<-presented
		}
	}
}
