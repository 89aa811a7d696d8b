//go:build unix

package cli

import "syscall"

// apart has a process live on when the terminal or this process ends.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
