//go:build chaos

package clock

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Built with the tag chaos, for test/chaos alone, the machine's clock can be stepped: the file that OffsetFile names
// holds the offset, eight bytes, whole seconds in this machine's byte order. As when an operator or NTP steps a clock,
// the wall clock jumps and the monotonic clock does not: what was measured in this process stays right, what was
// stored is off.

// OffsetFile is the environment variable with the path of the file.
const OffsetFile = "CHAOS_CLOCK"

var offset = sync.OnceValue(func() *atomic.Int64 {
	path := os.Getenv(OffsetFile)
	if path == "" {
		return new(atomic.Int64)
	}
	file, err := os.Open(path)
	if err != nil {
		panic(fmt.Sprintf("clock: opening the offset: %v", err))
	}
	defer func() { _ = file.Close() }()
	page, err := syscall.Mmap(int(file.Fd()), 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(fmt.Sprintf("clock: mapping the offset: %v", err))
	}
	return (*atomic.Int64)(unsafe.Pointer(&page[0])) //nolint:gosec // G103: a page is aligned, and nobody here writes to it
})

// instant is how package time lays out an instant that has a monotonic reading: a bit that says so, 33 bits of seconds,
// 30 bits of nanoseconds; the monotonic reading; the zone.
type instant struct {
	wall      uint64
	monotonic int64
	zone      *time.Location
}

func now() time.Time {
	at := time.Now()
	seconds := offset().Load()
	if seconds == 0 {
		return at
	}
	(*instant)(unsafe.Pointer(&at)).wall += uint64(seconds) << 30 //nolint:gosec // G103: there is no other way to step one of the two
	return at
}
