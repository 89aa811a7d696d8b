package pipelined

import (
	"context"
	"fmt"
	"runtime/metrics"
	"time"
)

// watchMemory warns when the process has grown past the thresholds of the settings, once each time it passes one.
func (d *Daemon) watchMemory(ctx context.Context) {
	const every = 30 * time.Second
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	level := 0
	for d.pause(ctx, every, nil) {
		metrics.Read(sample)
		mib := int64(sample[0].Value.Uint64()-sample[1].Value.Uint64()) >> 20
		o := d.setup.Load().Options
		now := 0
		switch {
		case o.MemoryAlert > 0 && mib >= o.MemoryAlert:
			now = 2
		case o.MemoryWarning > 0 && mib >= o.MemoryWarning:
			now = 1
		}
		if now > level {
			text := fmt.Sprintf("The process holds %d MiB (maxProcessMemoryWarningMb %d, maxProcessMemoryAlertMb %d)", mib, o.MemoryWarning, o.MemoryAlert)
			if now == 2 {
				d.log.Error(text)
			} else {
				d.log.Warn(text)
			}
		}
		level = now
	}
}
