package pipeline

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"latchkey/internal/eventlog"
)

// The envelopes of a stream, each on a line. createTime is when it was put on the stream, in milliseconds.

func appendData(b []byte, topic string, partition int, e *eventlog.Entry, now time.Time) []byte {
	b = append(b, `{"envelopeType":"DATA","partition":`...)
	b = strconv.AppendInt(b, int64(partition), 10)
	if e.Key != "" {
		b = append(b, `,"key":`...)
		b = appendText(b, e.Key)
	}
	b = append(b, `,"offset":`...)
	b = strconv.AppendInt(b, e.Offset, 10)
	b = append(b, `,"topic":"`...)
	b = append(b, topic...) // its name needs no escape
	b = append(b, `","createTime":`...)
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	b = append(b, `,"acceptTime":`...)
	b = strconv.AppendInt(b, e.At.UnixMilli(), 10)
	b = append(b, `,"pipelineMessage":`...)
	b = append(b, e.Body...)
	return append(b, '}', '\n')
}

// appendText writes a JSON string.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(text) // a string never fails
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func appendSync(b []byte, marker string, now time.Time) []byte {
	b = append(b, `{"envelopeType":"SYNC","createTime":`...)
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	b = append(b, `,"syncMarker":"`...)
	b = append(b, marker...)
	return append(b, '"', '}', '\n')
}

func appendMark(b []byte, kind string, now time.Time) []byte {
	b = append(b, `{"envelopeType":"`...)
	b = append(b, kind...)
	b = append(b, `","createTime":`...)
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	return append(b, '}', '\n')
}
