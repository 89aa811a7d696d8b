package store

import (
	"context"
	"strings"
	"sync"
)

// Topic is what a piece of news is about.
type Topic string

// The topics. TopicAll says that news may have been missed: read again all that is held.
const (
	TopicConnection Topic = "connection"
	TopicDefinition Topic = "definition"
	TopicKey        Topic = "key"
	TopicClient     Topic = "client"
	TopicAll        Topic = "all"
)

// AllClients stands for every client, in news of TopicClient.
const AllClients = "*"

// News tells that another node has committed a change of the thing with this id.
type News struct {
	Topic Topic
	ID    string
}

// announce tells the other nodes of a change, when and if this write is committed. This node is not told: who changes
// something knows. Nothing may depend on its coming through; it only makes others quick.
func (t *tx) announce(topic Topic, id string) { t.news = append(t.news, News{topic, id}) }

// newsChannel is the channel of LISTEN and NOTIFY.
const newsChannel = "latchkey_news"

// writeNews makes one line of each piece: the node that tells, the topic, the id.
func writeNews(node string, news []News) string {
	lines := make([]string, len(news))
	for i, n := range news {
		lines[i] = node + " " + string(n.Topic) + " " + n.ID
	}
	return strings.Join(lines, "\n")
}

// readNews reverses writeNews for one line. What is no news, or a node's own, is not heard.
func readNews(node, line string) (News, bool) {
	from, rest, _ := strings.Cut(line, " ")
	topic, id, ok := strings.Cut(rest, " ")
	return News{Topic(topic), id}, ok && from != node
}

// News calls tell with what other nodes announce, one piece at a time, until ctx ends. What waits while tell works is
// kept once, and as TopicAll when it is too much. Over SQLite there is no other node, and so no news.
func (s *Store) News(ctx context.Context, tell func(News)) {
	subscriber := s.subscribers.add()
	defer s.subscribers.remove(subscriber)
	for {
		select {
		case <-ctx.Done():
			return
		case <-subscriber.wake:
		}
		for _, news := range subscriber.take() {
			if ctx.Err() != nil {
				return
			}
			tell(news)
		}
	}
}

// newsLimit is how many pieces wait for a subscriber at most.
const newsLimit = 4096

// subscribers are those who hear the news.
type subscribers struct {
	mu  sync.Mutex
	all map[*subscriber]struct{}
}

// subscriber is one of them, with what it has not yet heard.
type subscriber struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting []News
	known   map[News]struct{} // what is in waiting
}

func (s *subscribers) add() *subscriber {
	one := &subscriber{wake: make(chan struct{}, 1), known: map[News]struct{}{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[*subscriber]struct{}{}
	}
	s.all[one] = struct{}{}
	return one
}

func (s *subscribers) remove(one *subscriber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, one)
}

func (s *subscribers) tell(news News) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.all {
		one.add(news)
	}
}

func (s *subscriber) add(news News) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := News{Topic: TopicAll}
	if _, told := s.known[all]; told {
		return
	}
	if news == all || len(s.waiting) >= newsLimit {
		news = all
		s.waiting = s.waiting[:0]
		clear(s.known)
	}
	if _, told := s.known[news]; told {
		return
	}
	s.known[news] = struct{}{}
	s.waiting = append(s.waiting, news)
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

func (s *subscriber) take() []News {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.waiting
	s.waiting = nil
	clear(s.known)
	return out
}
