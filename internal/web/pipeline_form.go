package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/finding"
	"latchkey/internal/pipeline"
)

// The forms of topics: make one, change what it keeps, delete it, and send it an event.

// keptInputs are what a topic keeps.
func keptInputs(age, size, description string) []*input {
	return []*input{
		text("retention_seconds", "Events are kept for", age, "30m, 12h, 7d. Blank is for ever. A consumer that is away for longer loses events.").maybe(),
		text("retention_bytes", "At most", size, "512MiB, 4GiB, of the topic as a whole. Blank is without a limit.").maybe(),
		text("description", "Description", description, "").maybe(),
	}
}

// keptAsked reads them.
func (v *visit) keptAsked() (age time.Duration, size int64, problems finding.Problems) {
	if text := v.value("retention_seconds"); text != "" {
		var ok bool
		if age, ok = parseSpan(text); !ok {
			problems.Wrong("/retention_seconds", "this is no time span", "write it as 7d, 12h or 30m")
		}
	}
	if text := v.value("retention_bytes"); text != "" {
		var ok bool
		if size, ok = parseBytes(text); !ok {
			problems.Wrong("/retention_bytes", "this is no size", "write it as 4GiB or 512MiB")
		}
	}
	return age, size, problems
}

// parseSpan reads a number of days, or what Go reads.
func parseSpan(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseFloat(strings.TrimSpace(days), 64)
		return time.Duration(n * float64(24*time.Hour)), err == nil && n >= 0 && n < 36500
	}
	d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	return d, err == nil && d >= 0
}

// spanText writes what parseSpan reads.
func spanText(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d%(24*time.Hour) == 0:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return strings.TrimSuffix(text, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(text, "h0m")]
}

var byteUnits = []struct {
	name string
	size float64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"B", 1}, {"", 1}}

func parseBytes(text string) (int64, bool) {
	for _, unit := range byteUnits {
		if number, ok := strings.CutSuffix(text, unit.name); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			return int64(n * unit.size), err == nil && n >= 0 && n*unit.size < 1<<62
		}
	}
	return 0, false
}

// bytesText writes what parseBytes reads.
func bytesText(n int64) string {
	for _, unit := range byteUnits[:3] {
		if size := int64(unit.size); n > 0 && n%size == 0 {
			return strconv.FormatInt(n/size, 10) + unit.name
		}
	}
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (v *visit) topicNew() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	view := formView{Heading: "Make a topic", Lead: "A stream of events in partitions: events of one key stay in their order."}
	inputs := append([]*input{
		text("name", "Name", "", "Letters, digits and . _ -. Producers and consumers name it.").needed(),
		text("partitions", "Partitions", strconv.Itoa(pipeline.DefaultPartitions), "As many consumers can read at once. It can’t be changed, for a key would change its partition.").needed(),
	}, keptInputs(spanText(pipeline.DefaultAge), bytesText(pipeline.DefaultBytes), "")...)
	view.Form = v.form("/new-topic", "Make the topic", inputs...).orElse(placePipeline)
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "pipeline_form", view.Heading, view)
	}
	v.refill(inputs)
	age, size, problems := v.keptAsked()
	count, err := strconv.Atoi(v.value("partitions"))
	if err != nil || count < 1 {
		problems.Wrong("/partitions", "this is no number of partitions", "use 1 to "+strconv.Itoa(pipeline.MaxPartitions))
	}
	var made pipeline.Topic
	if err = problems.Errors(); err == nil {
		made, err = v.Pipeline.Create(v.r.Context(), v.caller, pipeline.Create{Name: v.value("name"), Description: v.value("description"), Partitions: count, Age: &age, Bytes: &size})
	}
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "pipeline_form", view.Heading, view)
	}
	if err != nil {
		return err
	}
	return v.done(topicPath(&made), "The topic "+made.Name+" was made.")
}

func (v *visit) topicEdit() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	view := formView{Heading: "What " + t.Name + " keeps", Lead: "What it keeps less of is let go of within the minute."}
	view.Form = v.form(topicPath(&t)+"/edit", "Save", keptInputs(spanText(t.Age), bytesText(t.Bytes), t.Description)...).orElse(topicPath(&t))
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "pipeline_form", view.Heading, view)
	}
	v.refill(view.Form.Inputs)
	age, size, problems := v.keptAsked()
	if err = problems.Errors(); err == nil {
		_, err = v.Pipeline.Change(v.r.Context(), v.caller, t.ID, pipeline.Change{Description: new(v.value("description")), Age: &age, Bytes: &size})
	}
	if problems, ok := told(err); ok {
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "pipeline_form", view.Heading, view)
	}
	if err != nil {
		return err
	}
	return v.done(topicPath(&t), "The topic "+t.Name+" was saved.")
}

func (v *visit) topicDelete() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	if !v.confirmed(t.Name) {
		return v.confirm(confirmation{What: "the topic", Name: t.Name, Goes: "all its events and consumer groups. What no consumer has read is lost.", Stays: "dead letters that daemons hold."}, topicPath(&t)+"/delete", topicPath(&t))
	}
	if err := v.Pipeline.Delete(v.r.Context(), v.caller, t.ID); err != nil {
		return err
	}
	return v.done(placePipeline, "The topic "+t.Name+" was deleted.")
}

// sampleTrigger is what the form of a test event begins with.
const sampleTrigger = `{
  "triggerId": "cart-abandonment",
  "triggerTimestamp": "%d",
  "mcId": "79091735384846082214570000000000000000",
  "enrichments": {"analyticsHitSummary": {"dimensions": {"pageURL": {"type": "string", "data": ["https://www.example.com/cart"]}}}}
}`

// topicProduce sends an event, to try what is behind a topic.
func (v *visit) topicProduce() error {
	if err := v.caller.Require(access.PipelineProduce); err != nil {
		return err
	}
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	view := formView{Heading: "Send a test event to " + t.Name, Lead: "It is a real event: every consumer of the topic gets it."}
	view.Form = v.form(topicPath(&t)+"/produce", "Send",
		text("value", "Value", strings.Replace(sampleTrigger, "%d", strconv.FormatInt(v.Clock.Now().UnixMilli(), 10), 1), "Any JSON. Campaign takes a trigger, as it stands here.").of(codeInput).needed(),
		text("key", "Key", "test", "Decides the partition: events of one key stay in their order. Blank lets it be any.").maybe(),
		text("source", "Source", "console", "What consumers can choose by.").maybe(),
		text("messageId", "Message id", "", "An event that comes again with the same id is kept once.").maybe(),
	).orElse(topicPath(&t))
	if v.r.Method != http.MethodPost {
		return v.show(http.StatusOK, "pipeline_form", view.Heading, view)
	}
	v.refill(view.Form.Inputs)
	message, problems := v.eventAsked()
	var messages []pipeline.Message
	if err = problems.Errors(); err == nil {
		messages, err = pipeline.ReadMessages(message)
	}
	if err == nil {
		placed, failed := v.Pipeline.Produce(v.r.Context(), v.caller, t.ID, messages)
		if failed == nil && len(placed) == 1 {
			at := placed[0]
			if at.Duplicate {
				return v.done(topicPath(&t)+"/tail", "An event of that message id is there already; it was not kept twice.")
			}
			return v.done(eventPath(&t, at.Partition, at.Offset), "The event is stored: partition "+strconv.Itoa(at.Partition)+", offset "+strconv.FormatInt(at.Offset, 10)+".")
		}
		err = failed
	}
	if problems, ok := told(err); ok {
		for i := range problems {
			problems[i].Pointer = strings.TrimPrefix(problems[i].Pointer, "/messages/0")
		}
		view.Form.put(problems)
		return v.show(http.StatusUnprocessableEntity, "pipeline_form", view.Heading, view)
	}
	return err
}

// eventAsked writes the request that a producer would send.
func (v *visit) eventAsked() (body []byte, problems finding.Problems) {
	value := json.RawMessage(v.text("value"))
	if !json.Valid(value) {
		problems.Wrong("/value", "this is no JSON", "write an object, or a text within quotes")
		return nil, problems
	}
	message := map[string]any{"value": value}
	for _, name := range []string{"key", "source", "messageId"} {
		if text := v.value(name); text != "" {
			message[name] = text
		}
	}
	body, err := json.Marshal(map[string]any{"messages": []any{message}})
	if err != nil {
		problems.Wrong("/value", "this can't be sent", "write it anew")
	}
	return body, problems
}
