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
				PublicURLs: o.PublicURLs, Ephemeral: o.Ephemeral, FastClock: o.FastClock, JSON: o.JSON, LogLevel: o.LogLevel, Program: program(), Out: o.Out, Err: o.Err})
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
		Pipelined: func(ctx context.Context, o cli.PipelinedOptions) error {
			return app.Pipelined(ctx, app.PipelinedOptions(o))
		},
		ReplayLetters: func(ctx context.Context, o cli.PipelinedOptions, ids []int64, told func(int64, error)) error {
			return app.ReplayLetters(ctx, app.PipelinedOptions(o), ids, told)
		},
		ExaminePipelined: examine,
		ShowConfig: func(ctx context.Context, o cli.ShowConfigOptions) error {
			return app.ShowConfig(ctx, app.ShowConfigOptions(o))
		},
	}}))
}

// program is what was typed to run this binary.
func program() string { return os.Args[0] }

// examine gives what was found at an instance's daemon, in the command line's words.
func examine(ctx context.Context, o cli.PipelinedOptions) ([]cli.Finding, error) {
	layers, err := app.ExaminePipelined(ctx, app.PipelinedOptions(o))
	var found []cli.Finding
	for _, l := range layers {
		f := cli.Finding{Layer: l.Name, Status: string(l.Status), Message: l.Message, Vendor: l.Description, Warnings: l.Warnings}
		for _, a := range l.Advice {
			f.Advice = append(f.Advice, cli.FindingAdvice(a))
		}
		found = append(found, f)
	}
	return found, err
}
