package clock

import (
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// boot names this start of the machine, and the namespace in which its time is told: a container may have one of its own
// (time_namespaces(7)). It is "" where /proc does not say.
var boot = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, _ := os.Readlink("/proc/self/ns/time") // before Linux 5.6 there was one
	return strings.TrimSpace(string(id)) + "/" + strings.TrimPrefix(namespace, "time:")
})

func uptime() Uptime {
	var now unix.Timespec
	if boot() == "" || unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return Uptime{}
	}
	return Uptime{boot(), time.Duration(now.Nano()).Truncate(time.Microsecond)} // as it is written down
}
