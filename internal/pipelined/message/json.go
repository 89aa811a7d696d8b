package message

import (
	"encoding/json"
	"fmt"
)

// event is an envelope of data as I/O Events passes it on (spec §2.6 A).
type event struct {
	Kind       Kind            `json:"envelopeType"`
	Partition  int32           `json:"partition"`
	Offset     int64           `json:"offset"`
	CreateTime int64           `json:"createTime"`
	Topic      string          `json:"topic"`
	Older      json.RawMessage `json:"com.adobe.mcloud.pipeline.pipelineMessage,omitempty"`
	Message    json.RawMessage `json:"pipelineMessage,omitempty"`
}

// JSON writes the document that receivers of I/O Events know: the event's id and the event, the message as it came.
func (t *Trigger) JSON() ([]byte, error) {
	e := event{Kind: Data, Partition: t.Partition, Offset: t.Offset, CreateTime: t.CreateTime, Topic: t.Topic}
	if t.Older {
		e.Older = t.Raw
	} else {
		e.Message = t.Raw
	}
	text, err := json.Marshal(struct {
		ID    string `json:"event_id"`
		Event event  `json:"event"`
	}{t.ID, e})
	if err != nil {
		return nil, fmt.Errorf("writing an event: %w", err)
	}
	return text, nil
}
