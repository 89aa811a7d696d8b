package cli

import "github.com/spf13/cobra"

// RootForTest gives the commands, to be walked over.
func RootForTest() *cobra.Command { return newProgram(Config{}).rootCommand() }

// Word writes a name as it is printed in a command to be copied.
func Word(name string) string { return word(name).String() }
