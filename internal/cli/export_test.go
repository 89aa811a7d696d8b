package cli

import "github.com/spf13/cobra"

// RootForTest gives the commands, to be walked over.
func RootForTest() *cobra.Command { return newProgram(Config{}).rootCommand() }
