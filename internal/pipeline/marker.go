package pipeline

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// marker is what a SYNC envelope carries: how far everything was sent when it was. Consumers send it back as it is.
type marker struct {
	Topic    string        `json:"t"` // its id
	Group    string        `json:"g"`
	Epoch    int64         `json:"e"`
	Pointers map[int]int64 `json:"p"` // the offsets to go on from
}

func (m marker) String() string {
	text, _ := json.Marshal(m) // nothing in it can fail
	return base64.RawURLEncoding.EncodeToString(text)
}

// maxMarker bounds what is read of one.
const maxMarker = 8 << 10

func readMarker(text string) (marker, error) {
	var m marker
	if len(text) > maxMarker {
		return m, errors.New("reading a sync marker: it is too long")
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Trim(text, " \t\r\n\""))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(raw, &m)
}
