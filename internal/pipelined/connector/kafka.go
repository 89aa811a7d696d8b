package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"latchkey/internal/pipelined/message"
)

// producer produces each trigger to a Kafka topic, keyed by the visitor, so that one visitor's triggers stay in order. A
// record counts as delivered when all replicas in sync have it.
type producer struct {
	to     Kafka
	client *kgo.Client
}

// The mechanisms of SASL.
const (
	saslPlain  = "plain"
	saslSHA256 = "scram-sha-256"
	saslSHA512 = "scram-sha-512"
	saslOAuth  = "oauthbearer"
)

func openKafka(ctx context.Context, config Config, to Kafka) (Connector, error) {
	options := []kgo.Opt{
		kgo.SeedBrokers(to.Brokers...), kgo.DefaultProduceTopic(to.Topic), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(16 << 20), kgo.RecordDeliveryTimeout(attemptTime), kgo.ClientID("latchkey-pipelined"),
	}
	if to.TLS {
		settings, err := to.tls()
		if err != nil {
			return nil, fmt.Errorf("kafka: ca_file: %w", err)
		}
		options = append(options, kgo.DialTLSConfig(settings))
	}
	if to.SASL != nil {
		options = append(options, kgo.SASL(to.SASL.mechanism(config)))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	// Producing would only tell that it took too long, where a broker tells what it does not like.
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		client.Close()
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("a broker closed the connection, as some do that want TLS, or do not take the user, the password or the mechanism of sasl: %w", err)
		}
		return nil, fmt.Errorf("reaching Kafka: %w", err)
	}
	return &producer{to, client}, nil
}

func (k Kafka) tls() (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if k.CAFile == "" {
		return settings, nil
	}
	text, err := os.ReadFile(k.CAFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", k.CAFile)
	}
	settings.RootCAs = pool
	return settings, nil
}

// mechanism proves who produces. A token is asked for at each authentication, so that one that was renewed counts.
func (s SASL) mechanism(config Config) sasl.Mechanism {
	switch s.Mechanism {
	case saslPlain:
		return plain.Auth{User: s.User, Pass: s.Password.Reveal()}.AsMechanism()
	case saslSHA256:
		return scram.Auth{User: s.User, Pass: s.Password.Reveal()}.AsSha256Mechanism()
	case saslSHA512:
		return scram.Auth{User: s.User, Pass: s.Password.Reveal()}.AsSha512Mechanism()
	}
	return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
		if s.Connection == "" {
			token, err := s.Token.now()
			return oauth.Auth{Token: token.Reveal()}, err
		}
		if config.Token == nil {
			return oauth.Auth{}, errors.New("no Latchkey is configured (server) whose connection could give the token")
		}
		token, err := config.Token(ctx, s.Connection)
		return oauth.Auth{Token: token.Reveal()}, err
	})
}

func (p *producer) Deliver(ctx context.Context, t *message.Trigger) error {
	_, err := p.DeliverAll(ctx, []*message.Trigger{t})
	return err
}

// DeliverAll implements [Batcher]. A partition of Kafka takes nothing behind a record that failed.
func (p *producer) DeliverAll(ctx context.Context, triggers []*message.Trigger) (int, error) {
	records := make([]*kgo.Record, len(triggers))
	for i, t := range triggers {
		value, err := p.to.Format.write(t)
		if err != nil && i == 0 {
			return 0, &Permanent{err}
		}
		if err != nil {
			records = records[:i]
			break
		}
		records[i] = &kgo.Record{Key: []byte(t.Visitor), Value: value, Headers: []kgo.RecordHeader{
			{Key: "event-id", Value: []byte(t.ID)}, {Key: "trigger-type", Value: []byte(t.Type)},
		}}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	failed := map[*kgo.Record]error{}
	for _, result := range p.client.ProduceSync(ctx, records...) {
		failed[result.Record] = result.Err
	}
	for i, record := range records {
		if err := failed[record]; err != nil {
			return i, fmt.Errorf("producing to Kafka: %w", err)
		}
	}
	return len(records), nil
}

func (p *producer) Close() error {
	p.client.Close()
	return nil
}
