package egress

import (
	"context"
	"sync"
)

// LastCall makes requests of ctx ask before they leave: with a connection at hand, and before a byte of the request is
// written, ask is called. What it takes to connect is over by then, so that what ask writes down is as good as sent. When
// it fails, nothing is sent, and the error is of [KindWithheld] and wraps its own. It is asked once, however often a
// connection turns out dead and is replaced.
func LastCall(ctx context.Context, ask func(context.Context) error) context.Context {
	return context.WithValue(ctx, lastCall{}, sync.OnceValue(func() error { return ask(ctx) }))
}

type lastCall struct{}

// asked asks a context's last call, if it has one.
func asked(ctx context.Context) error {
	if ask, ok := ctx.Value(lastCall{}).(func() error); ok {
		return ask()
	}
	return nil
}
