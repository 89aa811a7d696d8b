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
			return app.Dev(ctx, app.DevOptions{Listen: o.Listen, Data: o.Data, Ready: o.Ready, TLS: o.TLS, Intercept: o.Intercept, ProxyListen: o.ProxyListen,
				PublicURLs: o.PublicURLs, LogLevel: o.LogLevel, Program: program(), Out: o.Out, Err: o.Err})
		},
		Serve: func(ctx context.Context, o cli.ServeOptions) error {
			return app.Serve(ctx, app.ServeOptions(o))
		},
		Setup: func(ctx context.Context, o cli.SetupOptions) error {
			return app.Setup(ctx, app.SetupOptions(o))
		},
		NewRootKey: app.NewRootKey,
		Backup: func(ctx context.Context, o cli.BackupOptions) error {
			return app.Backup(ctx, app.BackupOptions(o))
		},
		Restore: func(ctx context.Context, o cli.RestoreOptions) (cli.Restored, error) {
			done, err := app.Restore(ctx, app.RestoreOptions(o))
			return cli.Restored{Place: done.Place, At: done.At, Schema: done.Schema, Rows: done.Rows}, err
		},
		ShowConfig: func(ctx context.Context, o cli.ShowConfigOptions) error {
			return app.ShowConfig(ctx, app.ShowConfigOptions(o))
		},
	}}))
}

// program is what was typed to run this binary.
func program() string { return os.Args[0] }
