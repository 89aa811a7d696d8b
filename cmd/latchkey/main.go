// Latchkey gives programs always-fresh tokens for the services that they call.
//
// This package only hands over to internal/cli, and gives it the functions that start servers.
package main

import (
	"context"
	"os"

	"latchkey/internal/app"
	"latchkey/internal/cli"
)

func main() {
	os.Exit(cli.Main(cli.Config{Version: app.Version, Server: cli.Server{
		Dev: func(ctx context.Context, o cli.DevOptions) error {
			return app.Dev(ctx, app.DevOptions{Listen: o.Listen, Data: o.Data, Ready: o.Ready, TLS: o.TLS,
				PublicURLs: o.PublicURLs, LogLevel: o.LogLevel, Program: program(), Out: o.Out, Err: o.Err})
		},
		Serve: func(ctx context.Context, o cli.ServeOptions) error {
			return app.Serve(ctx, app.ServeOptions(o))
		},
		Setup: func(ctx context.Context, o cli.SetupOptions) error {
			return app.Setup(ctx, app.SetupOptions(o))
		},
		NewRootKey: app.NewRootKey,
		ShowConfig: func(ctx context.Context, o cli.ShowConfigOptions) error {
			return app.ShowConfig(ctx, app.ShowConfigOptions(o))
		},
	}}))
}

// program is what was typed to run this binary.
func program() string { return os.Args[0] }
