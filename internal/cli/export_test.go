package cli

import "github.com/spf13/cobra"

// RootForTest gives the commands, to be walked over.
func RootForTest() *cobra.Command { return newProgram(Config{}).rootCommand() }

// Word writes a name as it is printed in a command to be copied.
func Word(name string) string { return word(name).String() }

// ArgsForTest gives the arguments as they are once the vendor's flags are written as ours.
func ArgsForTest(args []string) []string { return nlserverArgs(args) }
