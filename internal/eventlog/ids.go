package eventlog

import (
	"crypto/sha256"
	"time"
)

// What is remembered of ids: those of the last [Remembered], and no more than maxIDs of a topic, the newest.
const (
	Remembered = 10 * time.Minute
	maxIDs     = 400_000
	idLength   = 16
)

type idHash [idLength]byte

func hashID(id string) idHash {
	sum := sha256.Sum256([]byte(id))
	return idHash(sum[:idLength])
}

type place struct {
	partition int32
	offset    int64
	at        int64 // unix seconds
}

// window remembers the ids of a topic, in two halves: when the younger is old or full enough, the older goes.
type window struct {
	young, old map[idHash]place
	begun      int64 // of the younger, in unix seconds
}

func newWindow() *window { return &window{young: map[idHash]place{}} }

func (w *window) find(id idHash) (place, bool) {
	if p, ok := w.young[id]; ok {
		return p, true
	}
	p, ok := w.old[id]
	return p, ok
}

func (w *window) add(id idHash, p place) {
	if w.begun == 0 {
		w.begun = p.at
	}
	if p.at-w.begun >= int64(Remembered/time.Second) || len(w.young) >= maxIDs/2 {
		w.old, w.young, w.begun = w.young, map[idHash]place{}, p.at
	}
	w.young[id] = p
}
