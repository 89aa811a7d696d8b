//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package cli

import (
	"errors"
	"os"
)

// isTerminal knows no terminal here: commands behave as in a script.
func isTerminal(*os.File) bool { return false }

func hideInput(*os.File) (func(), error) { return nil, errors.ErrUnsupported }
