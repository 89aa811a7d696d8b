package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Trigger is one event, whichever shape it came in.
type Trigger struct {
	Topic     string
	Partition int32
	Offset    int64
	// Identity tells two deliveries of an event apart from two events; never empty.
	Identity string
	// ID is the message's own id, else one that is made of [Trigger.Identity]: the same at every delivery. For receivers.
	ID string
	// Type is the trigger's id in the Triggers UI (`triggerId`): what routes are chosen by.
	Type string
	// At is when it fired; zero where it does not say.
	At time.Time
	// Visitor is the Experience Cloud visitor id.
	Visitor string
	// Enrichments and Aliases are JSON, nil where the message has none.
	Enrichments, Aliases json.RawMessage
	// Raw is the message as it came, of shape A when Older.
	Raw   json.RawMessage
	Older bool
	// CreateTime is when the broker put it on the stream, in milliseconds.
	CreateTime int64
	// Retries is how often it was handed on before, in vain.
	Retries int
}

// header is that of shape A. Numbers may come as text.
type header struct {
	MessageID string `json:"messageId"`
}

// wrapped is a message of either shape, as far as it matters here.
type wrapped struct {
	MessageID string          `json:"messageId"`
	EventID   string          `json:"event_id"`
	Header    *header         `json:"header"`
	Trigger   json.RawMessage `json:"com.adobe.mcloud.protocol.trigger"`
	Value     json.RawMessage `json:"value"`
	Event     json.RawMessage `json:"event"` // the wrapper that I/O Events adds
	Older     json.RawMessage `json:"com.adobe.mcloud.pipeline.pipelineMessage"`
	trigger
}

// trigger is the innermost object.
type trigger struct {
	TriggerID   string          `json:"triggerId"`
	Timestamp   json.RawMessage `json:"triggerTimestamp"`
	Visitor     string          `json:"mcId"`
	Enrichments json.RawMessage `json:"enrichments"`
	Aliases     json.RawMessage `json:"aliases"`
}

// maxWrappers bounds how deep a trigger may be wrapped.
const maxWrappers = 6

// ErrNoTrigger says that a message is no trigger.
var ErrNoTrigger = errors.New("the message is no trigger")

// Trigger reads what an envelope of data carries. With an [ErrNoTrigger] the trigger still has its place, its identity
// and the message as it came.
func (e *Envelope) Trigger() (*Trigger, error) {
	t := &Trigger{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Raw: e.Body(), Older: len(e.Older) > 0, CreateTime: e.CreateTime}
	inner, err := t.unwrap(t.Raw)
	if err == nil {
		t.Type, t.Visitor = inner.TriggerID, inner.Visitor
		t.Enrichments, t.Aliases = given(inner.Enrichments), given(inner.Aliases)
		t.At = instant(inner.Timestamp)
		if t.Type == "" && t.Topic != "aliases" {
			err = fmt.Errorf("%w: it has no triggerId", ErrNoTrigger)
		}
	}
	t.identify(inner)
	return t, err
}

// unwrap finds the trigger, and the message's id on the way.
func (t *Trigger) unwrap(raw json.RawMessage) (trigger, error) {
	for range maxWrappers {
		if len(raw) == 0 {
			return trigger{}, fmt.Errorf("%w: it is empty", ErrNoTrigger)
		}
		if text := bytes.TrimSpace(raw); text[0] == '"' { // JSON in a text, as some producers send it
			var inner string
			if json.Unmarshal(text, &inner) != nil || !json.Valid([]byte(inner)) {
				return trigger{}, fmt.Errorf("%w: it is a text", ErrNoTrigger)
			}
			raw = json.RawMessage(inner)
			continue
		}
		var w wrapped
		if err := json.Unmarshal(raw, &w); err != nil {
			return trigger{}, fmt.Errorf("%w: %w", ErrNoTrigger, err)
		}
		if t.ID == "" {
			t.ID = w.MessageID
			if w.Header != nil && w.Header.MessageID != "" {
				t.ID = w.Header.MessageID
			}
			if t.ID == "" {
				t.ID = w.EventID
			}
		}
		switch {
		case w.TriggerID != "":
			return w.trigger, nil
		case given(w.Trigger) != nil:
			raw = w.Trigger
		case given(w.Older) != nil:
			raw = w.Older
		case given(w.Value) != nil:
			raw = w.Value
		case given(w.Event) != nil:
			raw = w.Event
		default:
			return w.trigger, nil
		}
	}
	return trigger{}, fmt.Errorf("%w: it is wrapped more than %d times", ErrNoTrigger, maxWrappers)
}

// identify names the event: by the message's id; by what the vendor says to remove duplicates by, trigger, time and visitor
// (spec §2.8); else by its place and what it holds, which finds again what is delivered again.
func (t *Trigger) identify(inner trigger) {
	switch {
	case t.ID != "":
		t.Identity = t.ID
		return
	case t.Type != "" && len(inner.Timestamp) > 0 && t.Visitor != "":
		t.Identity = t.Type + " " + string(inner.Timestamp) + " " + t.Visitor
	default:
		sum := sha256.Sum256(t.Raw)
		t.Identity = fmt.Sprintf("%s %d %d %x", t.Topic, t.Partition, t.Offset, sum[:12])
	}
	sum := sha256.Sum256([]byte(t.Identity))
	t.ID = fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// given takes null for nothing.
func given(raw json.RawMessage) json.RawMessage {
	if text := bytes.TrimSpace(raw); len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return nil
	}
	return raw
}

// instant reads milliseconds, as a number or a text.
func instant(raw json.RawMessage) time.Time {
	ms, err := strconv.ParseInt(strings.Trim(string(raw), `" `), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
