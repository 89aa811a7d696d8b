package message_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"latchkey/internal/pipelined/message"
)

// older is the vendor's published sample (spec/campaign-and-pipeline.md §2.6 A), shortened.
const older = `{"envelopeType":"DATA","partition":13,"offset":438465548,"createTime":1516324157242,"topic":"triggers",
 "com.adobe.mcloud.pipeline.pipelineMessage":{"header":{"messageType":"TRIGGER","source":"triggers","sentTime":1516324157228,"messageId":"b9d3-1",
   "properties":[{"name":"sourceFirstTimestamp","value":"1516324106"}]},
  "com.adobe.mcloud.protocol.trigger":{"triggerId":"697514b8","triggerTimestamp":1516324157228,"mcId":"38","enrichments":{"analyticsHitSummary":{"products":{}}}}}}`

const inner = `{"triggerId":"697514b8","triggerTimestamp":"1516324157228","mcId":"38","enrichments":{"a":"<&>"},"aliases":["x"]}`

func read(t *testing.T, text string) *message.Envelope {
	t.Helper()
	e, err := message.NewStream(strings.NewReader(text), func(int) {}).Next()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestShapes(t *testing.T) {
	for name, test := range map[string]struct{ text, id string }{
		"A":                 {older, "b9d3-1"},
		"B":                 {`{"envelopeType":"DATA","partition":13,"offset":438465548,"topic":"triggers","pipelineMessage":{"messageId":"m","value":` + inner + `}}`, "m"},
		"B without an id":   {`{"envelopeType":"DATA","partition":13,"offset":438465548,"topic":"triggers","pipelineMessage":{"value":` + inner + `}}`, ""},
		"B around A":        {`{"envelopeType":"DATA","partition":13,"offset":438465548,"topic":"triggers","pipelineMessage":{"value":{"header":{"messageId":"h"},"com.adobe.mcloud.protocol.trigger":` + inner + `}}}`, "h"},
		"I/O Events around": {`{"envelopeType":"DATA","partition":13,"offset":438465548,"topic":"triggers","pipelineMessage":{"value":{"event_id":"e","event":` + inner + `}}}`, "e"},
		"a text":            {`{"envelopeType":"DATA","partition":13,"offset":438465548,"topic":"triggers","pipelineMessage":{"messageId":"m","value":"{\"triggerId\":\"697514b8\",\"triggerTimestamp\":1516324157228,\"mcId\":\"38\"}"}}`, "m"},
	} {
		t.Run(name, func(t *testing.T) {
			e := read(t, test.text)
			got, err := e.Trigger()
			if err != nil {
				t.Fatal(err)
			}
			if got.Type != "697514b8" || got.Visitor != "38" || !got.At.Equal(time.UnixMilli(1516324157228)) || got.Partition != 13 || got.Offset != 438465548 {
				t.Errorf("Trigger() = %+v", got)
			}
			if test.id != "" && got.ID != test.id || got.ID == "" || got.Identity == "" {
				t.Errorf("the id is %q, the identity %q; want %q", got.ID, got.Identity, test.id)
			}
			again, _ := e.Trigger()
			if again.ID != got.ID || again.Identity != got.Identity {
				t.Error("a second reading has another identity")
			}
		})
	}
}

func TestXML(t *testing.T) {
	got, err := read(t, `{"envelopeType":"DATA","partition":4,"offset":1500435,"pipelineMessage":{"value":`+strings.Replace(inner, "697514b8", `a\"<b`, 1)+`}}`).Trigger()
	if err != nil {
		t.Fatal(err)
	}
	text := string(got.XML())
	if !strings.HasPrefix(text, `<trigger offset="1500435" partition="4" triggerId="a&#34;&lt;b"><enrichments>{`) || !strings.HasSuffix(text, `</aliases></trigger>`) {
		t.Errorf("XML() = %s", text)
	}
	var back struct {
		Type        string `xml:"triggerId,attr"`
		Enrichments string `xml:"enrichments"`
	}
	if err := xml.Unmarshal([]byte(text), &back); err != nil || back.Type != `a"<b` || back.Enrichments != `{"a":"<&>"}` {
		t.Errorf("read back: %+v, %v", back, err)
	}
	bare, _ := read(t, `{"envelopeType":"DATA","pipelineMessage":{"value":{"triggerId":"t"}}}`).Trigger()
	if text := string(bare.XML()); text != `<trigger offset="0" partition="0" triggerId="t"><enrichments/><aliases/></trigger>` {
		t.Errorf("XML() = %s", text)
	}
}

func TestStream(t *testing.T) {
	count := 0
	s := message.NewStream(strings.NewReader(older+`{"envelopeType":"SYNC","syncMarker":"m"}`+"\n\n"+`{"envelopeType":"PI`), func(n int) { count += n })
	for _, want := range []message.Kind{message.Data, message.Sync} {
		if e, err := s.Next(); err != nil || e.Kind != want {
			t.Fatalf("Next() = %v, %v, want %s", e, err, want)
		}
	}
	if count != len(older)+40 {
		t.Errorf("%d bytes were counted, want %d", count, len(older)+40)
	}
	if _, err := s.Next(); err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("Next() of a half = %v", err)
	}
}
