package message

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strconv"
)

// XML writes the document that a connector of Campaign gets (spec §2.6 C): enrichments are JSON as text. Characters that
// XML 1.0 has no way to write become U+FFFD.
func (t *Trigger) XML() []byte {
	var out bytes.Buffer
	out.WriteString(`<trigger offset="` + strconv.FormatInt(t.Offset, 10) + `" partition="` + strconv.Itoa(int(t.Partition)) + `" triggerId="`)
	escape(&out, []byte(t.Type))
	out.WriteString(`">`)
	element(&out, "enrichments", t.Enrichments)
	element(&out, "aliases", t.Aliases)
	out.WriteString("</trigger>")
	return out.Bytes()
}

func element(out *bytes.Buffer, name string, content json.RawMessage) {
	if len(content) == 0 {
		out.WriteString("<" + name + "/>")
		return
	}
	out.WriteString("<" + name + ">")
	escape(out, compact(content))
	out.WriteString("</" + name + ">")
}

func compact(content json.RawMessage) []byte {
	var short bytes.Buffer
	if json.Compact(&short, content) != nil {
		return content
	}
	return short.Bytes()
}

func escape(out *bytes.Buffer, text []byte) { _ = xml.EscapeText(out, text) } // a buffer takes everything
