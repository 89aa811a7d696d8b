//go:build !unix

package cli

import "os"

// passed lists the signals that a command gets from us.
func passed(bool) []os.Signal { return []os.Signal{os.Interrupt} }

// endedBy knows no signals here.
func endedBy(*os.ProcessState) (number int, ok bool) { return 0, false }
