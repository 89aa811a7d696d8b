package connector

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"latchkey/internal/pipelined/message"
)

// producer produces each trigger to a Kafka topic, keyed by the visitor, so that one visitor's triggers stay in order. A
// record counts as delivered when all replicas in sync have it.
type producer struct {
	to     Kafka
	client *kgo.Client
}

func openKafka(to Kafka) (Connector, error) {
	options := []kgo.Opt{
		kgo.SeedBrokers(to.Brokers...), kgo.DefaultProduceTopic(to.Topic), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(16 << 20), kgo.RecordDeliveryTimeout(attemptTime), kgo.ClientID("latchkey-pipelined"),
	}
	if to.TLS {
		options = append(options, kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &producer{to, client}, nil
}

func (p *producer) Deliver(ctx context.Context, t *message.Trigger) error {
	value, err := p.to.Format.write(t)
	if err != nil {
		return &Permanent{err}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	record := &kgo.Record{Key: []byte(t.Visitor), Value: value, Headers: []kgo.RecordHeader{
		{Key: "event-id", Value: []byte(t.ID)}, {Key: "trigger-type", Value: []byte(t.Type)},
	}}
	if err := p.client.ProduceSync(ctx, record).FirstErr(); err != nil {
		return fmt.Errorf("producing to Kafka: %w", err)
	}
	return nil
}

func (p *producer) Close() error {
	p.client.Close()
	return nil
}
