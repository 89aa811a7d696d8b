//go:build unix

package cli

import (
	"os"
	"syscall"
)

// passed lists the signals that a command gets from us. A terminal sends the first two to it by itself.
func passed(terminal bool) []os.Signal {
	signals := []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}
	if terminal {
		return signals
	}
	return append(signals, syscall.SIGINT, syscall.SIGQUIT)
}

// endedBy gives the number of the signal that ended a process, if one did.
func endedBy(state *os.ProcessState) (number int, ok bool) {
	status, ok := state.Sys().(syscall.WaitStatus)
	return int(status.Signal()), ok && status.Signaled()
}
