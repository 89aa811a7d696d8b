package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
)

// Who works while news comes hears each piece once, and of too much only that there was much.
func TestNewsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, working := &Store{}, make(chan struct{})
		var heard []News
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.News(ctx, func(n News) {
				heard = append(heard, n)
				<-working
			})
		}()
		synctest.Wait()
		first, second := News{TopicKey, "1"}, News{TopicKey, "2"}
		for _, n := range []News{first, second, second, first} {
			s.subscribers.tell(n)
			synctest.Wait()
		}
		for range 3 {
			working <- struct{}{}
		}
		synctest.Wait()
		if want := []News{first, second, first}; !slices.Equal(heard, want) {
			t.Errorf("heard %v, want %v", heard, want)
		}
		heard = nil
		s.subscribers.tell(first)
		synctest.Wait()
		for n := range newsLimit + 1 {
			s.subscribers.tell(News{TopicConnection, fmt.Sprint(n)})
		}
		s.subscribers.tell(second)
		for range 2 {
			working <- struct{}{}
		}
		synctest.Wait()
		if want := []News{first, {Topic: TopicAll}}; !slices.Equal(heard, want) {
			t.Errorf("heard %v, want %v", heard, want)
		}
		cancel()
		<-done
		if len(s.subscribers.all) != 0 {
			t.Error("a subscriber who left is kept")
		}
	})
}
