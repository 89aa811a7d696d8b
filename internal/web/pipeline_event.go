package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/pipeline"
	trigger "latchkey/internal/pipelined/message"
)

// Events one by one: the last of a topic and those that come, and the path of one.

// eventRow is an event as pages show it. What is in it came from a producer: it is shown as text, and cut.
type eventRow struct {
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	Key       string `json:"key"`
	Source    string `json:"source"`
	ID        string `json:"id"`
	// Trigger is the event's trigger, "" where it is none.
	Trigger string    `json:"trigger"`
	At      time.Time `json:"at"`
	Path    string    `json:"path"`
	Size    string    `json:"size"`
	Payload string    `json:"payload"`
}

const (
	// eventShown is how much of an event a list shows, eventWhole how much its own page.
	eventShown, eventWhole = 1200, 48 << 10
	// eventsShown is how many a page has, eventsLooked at how many it looks to find them.
	eventsShown, eventsLooked = 50, 20_000
)

func eventPath(t *pipeline.Topic, partition int, offset int64) string {
	return topicPath(t) + "/events/" + strconv.Itoa(partition) + "/" + strconv.FormatInt(offset, 10)
}

// triggerOf reads an event's trigger; "" where it is none.
func triggerOf(topic string, e *pipeline.Found) string {
	envelope := trigger.Envelope{Kind: trigger.Data, Topic: topic, Partition: int32(e.Partition), Offset: e.Offset, Message: e.Body}
	var shape struct {
		Header json.RawMessage `json:"header"`
	}
	if json.Unmarshal(e.Body, &shape) == nil && len(shape.Header) > 0 {
		envelope.Message, envelope.Older = nil, e.Body
	}
	read, err := envelope.Trigger()
	if err != nil || read == nil {
		return ""
	}
	return read.Type
}

func eventRowOf(t *pipeline.Topic, e *pipeline.Found, most int) eventRow {
	body := e.Body
	if len(body) > 4*most {
		body = body[:4*most]
	}
	return eventRow{
		Partition: e.Partition, Offset: e.Offset, Key: finding.Bounded(e.Key, 200), Source: finding.Bounded(e.Source, 100), ID: finding.Bounded(e.ID, 200),
		Trigger: finding.Bounded(triggerOf(t.Name, e), 100), At: e.At, Path: eventPath(t, e.Partition, e.Offset), Size: bytesWords(int64(len(e.Body))),
		Payload: abridged(prettyJSON(body), most),
	}
}

// tailFilter says which events are shown.
type tailFilter struct{ Trigger, Key, Partition string }

func (v *visit) tailFilter() tailFilter {
	query := v.r.URL.Query()
	return tailFilter{strings.TrimSpace(query.Get("trigger")), strings.TrimSpace(query.Get("key")), strings.TrimSpace(query.Get("partition"))}
}

func (f *tailFilter) fits(topic string) func(pipeline.Found) bool {
	return func(e pipeline.Found) bool {
		return (f.Partition == "" || f.Partition == strconv.Itoa(e.Partition)) && (f.Key == "" || f.Key == e.Key) && (f.Trigger == "" || f.Trigger == triggerOf(topic, &e))
	}
}

func (v *visit) topicTail() error {
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	view := struct {
		Topic      pipeline.Topic
		Path, Live string
		Filter     tailFilter
		Rows       []eventRow
		All        bool
		Filtered   bool
		Partitions []choiceOption
	}{Topic: t, Path: topicPath(&t), Filter: v.tailFilter()}
	view.Filtered = view.Filter != tailFilter{}
	view.Live = view.Path + "/live?" + v.r.URL.RawQuery
	view.Partitions = []choiceOption{{Value: "", Label: "every partition"}}
	for n := range t.Partitions {
		number := strconv.Itoa(n)
		view.Partitions = append(view.Partitions, choiceOption{Value: number, Label: "partition " + number, Chosen: view.Filter.Partition == number})
	}
	found, all, err := v.Pipeline.Last(v.r.Context(), v.caller, t.ID, eventsShown, eventsLooked, view.Filter.fits(t.Name))
	if err != nil {
		return err
	}
	view.All = all
	for i := range found {
		view.Rows = append(view.Rows, eventRowOf(&t, &found[i], eventShown))
	}
	withStreams(v.w.Header())
	return v.show(http.StatusOK, "pipeline_tail", "Events of "+t.Name, &view)
}

const (
	// tailPause is the least between two rounds, tailMost how many events one sends; what is more is passed over, and counted.
	tailPause, tailMost = 300 * time.Millisecond, 100
	tailRead            = 256 << 10
)

// topicLive streams what comes from now on.
func (v *visit) topicLive() error {
	if err := v.caller.Require(access.PipelineConsume); err != nil {
		return err
	}
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	spans, news, err := v.Pipeline.Spans(v.r.Context(), v.caller, t.ID)
	if err != nil {
		return err
	}
	filter := v.tailFilter()
	fits := filter.fits(t.Name)
	next := make([]int64, len(spans))
	for i, s := range spans {
		next[i] = s.Next
	}
	return v.stream(func(l *live) error {
		for l.wait(news, liveBeat) {
			if spans, news, err = v.Pipeline.Spans(l.ctx, v.caller, t.ID); err != nil {
				return err
			}
			left := tailMost
			for part := range next {
				if err := l.sendNew(&t, part, &next[part], spans[part].Next, &left, fits); err != nil {
					return err
				}
			}
			if !l.wait(nil, tailPause) {
				return nil
			}
		}
		return nil
	})
}

// sendNew sends what is new in a partition, and says how much of it there was no room for.
func (l *live) sendNew(t *pipeline.Topic, part int, next *int64, to int64, left *int, fits func(pipeline.Found) bool) error {
	if skip := to - int64(tailMost); *next < skip {
		if err := l.send("skipped", skip-*next); err != nil {
			return err
		}
		*next = skip
	}
	for *next < to {
		entries, err := l.Pipeline.Look(l.ctx, l.caller, t.ID, part, *next, tailRead)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			*next = e.Offset + 1
			one := pipeline.Found{Partition: part, Entry: e}
			if !fits(one) {
				continue
			}
			if *left--; *left < 0 {
				if err := l.send("skipped", 1); err != nil {
					return err
				}
				continue
			}
			if err := l.send("event", eventRowOf(t, &one, eventShown)); err != nil {
				return err
			}
		}
	}
	return nil
}

// eventFind leads to an event by its place, or by its message id.
func (v *visit) eventFind() error {
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	wanted := strings.TrimSpace(v.r.URL.Query().Get("q"))
	if part, offset, ok := strings.Cut(wanted, ":"); ok {
		p, err := strconv.Atoi(part)
		o, wrong := strconv.ParseInt(offset, 10, 64)
		if err == nil && wrong == nil {
			return v.to(eventPath(&t, p, o))
		}
	}
	view := struct {
		Topic       pipeline.Topic
		Path, Query string
		All         bool
		Looked      string
	}{Topic: t, Path: topicPath(&t), Query: wanted, Looked: grouped(eventsLooked)}
	if wanted != "" {
		found, all, err := v.Pipeline.Last(v.r.Context(), v.caller, t.ID, 1, eventsLooked, func(e pipeline.Found) bool { return e.ID == wanted })
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return v.to(eventPath(&t, found[0].Partition, found[0].Offset))
		}
		view.All = all
	}
	return v.show(http.StatusOK, "pipeline_find", "Find an event of "+t.Name, &view)
}

// passedRow says whether a group has passed an event.
type passedRow struct {
	Group, Path string
	Passed      bool
	Pointer     int64
	// Behind is how many events of the partition come before this one is read.
	Behind string
}

// eventItem shows the path of one: where it is stored, and who has passed it.
func (v *visit) eventItem() error {
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	part, err := strconv.Atoi(v.r.PathValue("partition"))
	offset, wrong := strconv.ParseInt(v.r.PathValue("offset"), 10, 64)
	if err != nil || wrong != nil || part < 0 || part >= t.Partitions {
		if err := v.caller.Require(access.PipelineConsume); err != nil {
			return err
		}
		return pipeline.ErrNoEvent
	}
	found, err := v.Pipeline.Event(v.r.Context(), v.caller, t.ID, part, offset)
	if err != nil {
		return err
	}
	groups, err := v.Pipeline.Consumers(v.r.Context(), v.caller, t.ID)
	if err != nil {
		return err
	}
	view := struct {
		Topic        pipeline.Topic
		Path         string
		Event        eventRow
		Organization string
		Groups       []passedRow
		Letters      []letterRow
		Earlier      string
		Later        string
	}{Topic: t, Path: topicPath(&t), Event: eventRowOf(&t, &found, eventWhole), Organization: found.Organization}
	for _, g := range groups {
		pointer := g.Partitions[part].Pointer
		row := passedRow{Group: g.Group, Path: view.Path + "/groups/" + url.PathEscape(g.Group), Passed: pointer > offset, Pointer: pointer}
		if !row.Passed {
			row.Behind = grouped(offset - pointer)
		}
		view.Groups = append(view.Groups, row)
	}
	if view.Letters, err = v.lettersAt(t.Name, part, offset); err != nil {
		return err
	}
	if offset > 0 {
		view.Earlier = eventPath(&t, part, offset-1)
	}
	view.Later = eventPath(&t, part, offset+1)
	return v.show(http.StatusOK, "pipeline_event", "Event "+strconv.Itoa(part)+":"+strconv.FormatInt(offset, 10), &view)
}
