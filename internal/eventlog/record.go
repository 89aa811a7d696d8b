package eventlog

import (
	"encoding/binary"
	"errors"
	"time"
)

// A chunk is a run of events of one partition that were kept at once, one behind the other, each as
//
//	microseconds since the chunk's time, then key, organization, source, id and body, each behind its length (varints)
//
// so that a row of the database costs what it costs once for many of them.

// appendRecord writes one event.
func appendRecord(b []byte, since time.Duration, r *Record) []byte {
	b = binary.AppendUvarint(b, uint64(max(0, since.Microseconds())))
	for _, text := range [...]string{r.Key, r.Organization, r.Source, r.ID} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Body)))
	return append(b, r.Body...)
}

// size is about what an event takes.
func (r *Record) size() int {
	return len(r.Key) + len(r.Organization) + len(r.Source) + len(r.ID) + len(r.Body) + 8
}

var errChunk = errors.New("a chunk of the event log is damaged")

// readRecord reads one event, and gives what is behind it. The body stays a part of b.
func readRecord(b []byte, at time.Time) (Entry, []byte, error) {
	since, n := binary.Uvarint(b)
	if n <= 0 {
		return Entry{}, nil, errChunk
	}
	b = b[n:]
	var parts [5][]byte
	for i := range parts {
		length, n := binary.Uvarint(b)
		if n <= 0 || uint64(len(b)-n) < length {
			return Entry{}, nil, errChunk
		}
		parts[i], b = b[n:n+int(length):n+int(length)], b[n+int(length):]
	}
	return Entry{At: at.Add(time.Duration(since) * time.Microsecond), Record: Record{
		Key: string(parts[0]), Organization: string(parts[1]), Source: string(parts[2]), ID: string(parts[3]), Body: parts[4],
	}}, b, nil
}
