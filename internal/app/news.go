package app

import (
	"context"
	"sync"

	"latchkey/internal/store"
)

// hearNews keeps what this node holds in memory up to what other nodes change. What is missed is found soon after by
// reading from time to time, so that nothing depends on it: keys every five seconds, clients every ten, connections every minute. Compiled plans are of revisions,
// which never change.
func (h *house) hearNews() {
	ctx, cancel := context.WithCancel(context.Background())
	var hearing sync.WaitGroup
	hearing.Go(func() {
		h.store.News(ctx, func(news store.News) {
			switch news.Topic {
			case store.TopicConnection:
				h.keeper.Changed(news.ID)
				return
			case store.TopicDefinition:
				return
			case store.TopicClient:
				h.heardClient(news)
				return
			case store.TopicAll:
				h.keeper.ChangedAll()
				h.store.Keyring().Forget() // an organization may be gone
				h.clients.Forget()
			}
			if err := h.keyring.Reload(ctx); err != nil && ctx.Err() == nil {
				h.log.WarnContext(ctx, "reading keys that another node changed", "error", err)
			}
		})
	})
	h.hush = func() {
		cancel()
		hearing.Wait()
	}
}
