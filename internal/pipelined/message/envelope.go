// Package message reads what the pipeline sends, and writes what connectors get.
//
// The stream is JSON values one after the other ([Stream]), each an [Envelope]. What an envelope of data holds comes in
// two shapes (spec/campaign-and-pipeline.md §2.6): A, the older one, with a header and the trigger under long names, and B,
// the message of today's client, with the trigger in `value`. [Envelope.Trigger] reads both into a [Trigger], and
// [Trigger.XML] writes that as the document that a connector of Campaign is called with.
//
// It trusts nothing that it reads. A message that is no trigger is an error that says what it lacks, and keeps the
// message whole, so that nobody loses it.
package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Kind is what an envelope is for.
type Kind string

// The kinds of envelopes (spec §2.4).
const (
	Data        Kind = "DATA"
	Sync        Kind = "SYNC"
	Ping        Kind = "PING"
	EndOfStream Kind = "END_OF_STREAM"
)

// Envelope is one value of the stream. Partition, Offset and Topic mean something with [Data] alone, SyncMarker with
// [Sync] alone.
type Envelope struct {
	Kind       Kind   `json:"envelopeType"`
	Topic      string `json:"topic"`
	Partition  int32  `json:"partition"`
	Offset     int64  `json:"offset"`
	Key        string `json:"key"`
	SyncMarker string `json:"syncMarker"`
	// CreateTime is when it was put on the stream, in milliseconds.
	CreateTime int64           `json:"createTime"`
	Message    json.RawMessage `json:"pipelineMessage"`
	Older      json.RawMessage `json:"com.adobe.mcloud.pipeline.pipelineMessage"`
}

// Body gives what an envelope of data carries, of either shape; nil for none.
func (e *Envelope) Body() json.RawMessage {
	if len(e.Older) > 0 {
		return e.Older
	}
	return e.Message
}

// MaxEnvelope bounds one envelope, in bytes. The largest messages known have a tenth of it.
const MaxEnvelope = 96 << 20

// Stream reads envelopes. It is for one goroutine.
type Stream struct {
	bounded *io.LimitedReader
	decoder *json.Decoder
	counted func(int)
	read    int64
}

// NewStream reads envelopes of r and tells counted how many bytes each one took.
func NewStream(r io.Reader, counted func(bytes int)) *Stream {
	bounded := &io.LimitedReader{R: r, N: MaxEnvelope}
	return &Stream{bounded: bounded, decoder: json.NewDecoder(bounded), counted: counted}
}

// Next gives the next envelope. io.EOF says that the stream ended between two; every other error, that it can't be read
// any further: it was cut off, or isn't JSON.
func (s *Stream) Next() (*Envelope, error) {
	s.bounded.N = MaxEnvelope
	var e Envelope
	if err := s.decoder.Decode(&e); err != nil {
		switch {
		case errors.Is(err, io.EOF):
			if s.bounded.N <= 0 {
				return nil, fmt.Errorf("reading the stream: an envelope is larger than %d MiB", MaxEnvelope>>20)
			}
			return nil, io.EOF
		case errors.Is(err, io.ErrUnexpectedEOF):
			if s.bounded.N <= 0 {
				return nil, fmt.Errorf("reading the stream: an envelope is larger than %d MiB", MaxEnvelope>>20)
			}
			return nil, errors.New("reading the stream: it was cut off within an envelope")
		}
		return nil, fmt.Errorf("reading the stream: %w", err)
	}
	s.counted(int(s.decoder.InputOffset() - s.read))
	s.read = s.decoder.InputOffset()
	return &e, nil
}
