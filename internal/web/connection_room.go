package web

import (
	"context"

	"latchkey/internal/access"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/provider"
)

// Connections is what the pages of connections do. It is [connection.Connector].
type Connections interface {
	List(ctx context.Context, caller access.Caller, query connection.Query) (connection.Page, error)
	Troubled(ctx context.Context, caller access.Caller) (map[string]map[connection.State]int, error)
	Get(ctx context.Context, caller access.Caller, ref connection.Ref) (connection.Connection, error)
	CallbackURLs() []string
	ConnectionChanges
	ConnectionInsights
}

// ConnectionChanges are what changes one.
type ConnectionChanges interface {
	Create(ctx context.Context, caller access.Caller, ask connection.Create) (connection.Created, error)
	Patch(ctx context.Context, caller access.Caller, ref connection.Ref, patch connection.Patch) (connection.Created, error)
	Reauthorize(ctx context.Context, caller access.Caller, ref connection.Ref, ask connection.Reauthorize) (connection.Created, error)
	Refresh(ctx context.Context, caller access.Caller, ref connection.Ref) (connection.Connection, error)
	Enable(ctx context.Context, caller access.Caller, ref connection.Ref) (connection.Connection, error)
	Disable(ctx context.Context, caller access.Caller, ref connection.Ref) (connection.Connection, error)
	Delete(ctx context.Context, caller access.Caller, ref connection.Ref) (connection.Deleted, error)
}

// ConnectionInsights tell more about one.
type ConnectionInsights interface {
	History(ctx context.Context, caller access.Caller, ref connection.Ref) ([]connection.Past, error)
	Revisions(ctx context.Context, caller access.Caller, ref connection.Ref) (connection.Revisions, error)
	Provider(ctx context.Context, caller access.Caller, ref connection.Ref) (provider.Host, error)
	Prompts(ctx context.Context, caller access.Caller, ref connection.Ref) ([]destination.Prompt, error)
	Connectable(ctx context.Context, caller access.Caller, ref destination.Ref, configuration int) (destination.Pinned, error)
}

var _ Connections = (*connection.Connector)(nil)
