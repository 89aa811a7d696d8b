// Latchkey gives programs always-fresh tokens for the services that they call.
//
// This package only hands over to internal/cli, and gives it the functions that start servers.
package main

import (
	"os"

	"latchkey/internal/cli"
)

func main() { os.Exit(cli.Main(cli.Config{})) }
