package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/eventlog"
	"latchkey/internal/finding"
	"latchkey/internal/pipeline"
)

// The pages of the pipeline: topics with what they hold, and their consumer groups. They stand under /topics, for /pipeline is
// the broker's own surface, which the vendor's clients call.

const (
	placePipeline = "/topics"
	topicOne      = placePipeline + "/{topic}"
	groupOne      = topicOne + "/groups/{group}"
)

func (p *Pages) pipelineRoutes() map[string]func(*visit) error {
	return map[string]func(*visit) error{
		"GET " + placePipeline:                             (*visit).topicList,
		"GET /new-topic":                                   (*visit).topicNew,
		"POST /new-topic":                                  (*visit).topicNew,
		"GET " + topicOne:                                  (*visit).topicItem,
		"GET " + topicOne + "/edit":                        (*visit).topicEdit,
		"POST " + topicOne + "/edit":                       (*visit).topicEdit,
		"GET " + topicOne + "/delete":                      (*visit).topicDelete,
		"POST " + topicOne + "/delete":                     (*visit).topicDelete,
		"GET " + topicOne + "/produce":                     (*visit).topicProduce,
		"POST " + topicOne + "/produce":                    (*visit).topicProduce,
		"GET " + topicOne + "/tail":                        (*visit).topicTail,
		"GET " + topicOne + "/live":                        (*visit).topicLive,
		"GET " + topicOne + "/find":                        (*visit).eventFind,
		"GET " + topicOne + "/events/{partition}/{offset}": (*visit).eventItem,
		"GET " + groupOne:                                  (*visit).groupItem,
		"POST " + groupOne + "/reset":                      (*visit).groupReset,
		"GET " + groupOne + "/delete":                      (*visit).groupDelete,
		"POST " + groupOne + "/delete":                     (*visit).groupDelete,
	}
}

// groupRow is a consumer group as pages show it.
type groupRow struct {
	pipeline.Consumer
	Path, Tone, Says string
	// Lost is how many events it has missed.
	Lost int64
}

// groupAlarm is how near lag may come to what the topic keeps before a page says so; the broker's own alarm comes later.
const groupAlarm = 0.5

func groupRowOf(topic string, c pipeline.Consumer) groupRow {
	row := groupRow{Consumer: c, Path: placePipeline + "/" + url.PathEscape(topic) + "/groups/" + url.PathEscape(c.Group), Tone: "good", Says: "up to date"}
	for _, p := range c.Partitions {
		row.Lost += p.Lost
	}
	if c.Lag > 0 {
		row.Tone, row.Says = "", grouped(c.Lag)+" behind, the oldest "+agedWords(c.Oldest)
	}
	switch {
	case row.Lost > 0:
		row.Tone, row.Says = "bad", grouped(row.Lost)+" events are gone that it had not read"
	case c.Near >= groupAlarm:
		row.Tone, row.Says = "bad", row.Says+"; "+strconv.Itoa(int(100*min(c.Near, 9.99)))+" % of what the topic keeps"
	case c.Lag > 0 && len(c.Members) == 0:
		row.Tone, row.Says = "warn", row.Says+", and nobody reads"
	}
	return row
}

// agedWords writes a time span roughly.
func agedWords(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return plural(int(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return plural(int(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return plural(int(d/time.Minute), "minute")
	}
	return plural(int(d/time.Second), "second")
}

// topicRow is a topic as pages show it.
type topicRow struct {
	pipeline.Topic
	Path, Keeps, Size string
	Events            int64
	Parts             []pipeline.Partition
	Groups            []groupRow
	// Tone and Says are of the group that is worst off.
	Tone, Says string
}

func topicPath(t *pipeline.Topic) string { return placePipeline + "/" + url.PathEscape(t.Name) }

func (v *visit) topicRow(t pipeline.Topic) (topicRow, error) {
	row := topicRow{Topic: t, Path: topicPath(&t), Keeps: keepsWords(&t), Says: "no consumer"}
	var err error
	if row.Parts, err = v.Pipeline.Partitions(v.r.Context(), v.caller, t.ID); err != nil {
		return row, err
	}
	var size int64
	for _, p := range row.Parts {
		row.Events, size = row.Events+p.Next-p.First, size+p.Bytes
	}
	row.Size = bytesWords(size)
	groups, err := v.Pipeline.Consumers(v.r.Context(), v.caller, t.ID)
	if err != nil {
		return row, err
	}
	for _, g := range groups {
		row.Groups = append(row.Groups, groupRowOf(t.Name, g))
	}
	rank := func(g groupRow) int { return slices.Index([]string{"good", "", "warn", "bad"}, g.Tone) }
	slices.SortStableFunc(row.Groups, func(a, b groupRow) int { return cmp.Compare(rank(b), rank(a)) })
	if len(row.Groups) > 0 {
		row.Tone, row.Says = row.Groups[0].Tone, row.Groups[0].Group+": "+row.Groups[0].Says
	}
	return row, nil
}

// keepsWords says what a topic keeps.
func keepsWords(t *pipeline.Topic) string {
	age, size := "for ever", "without a limit"
	if t.Age > 0 {
		age = agedWords(t.Age)
	}
	if t.Bytes > 0 {
		size = bytesWords(t.Bytes) + " at most"
	}
	return age + ", " + size
}

// lacksPipeline says that who looks may do no more.
func (v *visit) lacksPipeline() string {
	return v.lacks(access.PipelineConsume, "read, send or reset anything here")
}

func (v *visit) topicList() error {
	all, err := v.Pipeline.Topics(v.r.Context(), v.caller)
	if err != nil {
		return err
	}
	view := struct {
		Rows                    []topicRow
		Search, Role, Off, Next string
		All                     int
		May                     bool
		Pager                   pager
	}{Search: v.r.URL.Query().Get("q"), All: len(all), May: v.may(access.RegistryWrite), Role: v.lacksPipeline()}
	const perPage = 25
	last := ""
	for _, t := range all {
		if t.Name <= v.cursor() && v.cursor() != "" || !contains(view.Search, t.Name, t.ID, t.Description) {
			continue
		}
		if len(view.Rows) == perPage {
			view.Next = last
			break
		}
		row, err := v.topicRow(t)
		if errors.Is(err, pipeline.ErrOff) {
			view.Off = "The pipeline is off on this server: it has no event log. The operator sets pipeline.log or pipeline.nats_url."
			break
		}
		if err != nil {
			return err
		}
		view.Rows, last = append(view.Rows, row), t.Name
	}
	view.Pager = v.pager(view.Next)
	return v.show(http.StatusOK, "pipeline_topics", "Pipeline", &view)
}

// hoursShown is what the vendor's page shows: messages by the hour over five days.
const hoursShown = 5 * 24

// topicView is the page of a topic.
type topicView struct {
	topicRow
	Role            string
	May, Read, Send bool
	Chart           *bars
	// Hours are those that had events, the newest first; Total is their sum, Counted says that nothing is missing.
	Hours   []eventlog.Hour
	Total   string
	Counted bool
}

func (v *visit) topicItem() error {
	t, err := v.Pipeline.Topic(v.r.Context(), v.caller, v.r.PathValue("topic"))
	if err != nil {
		return err
	}
	view := topicView{Role: v.lacksPipeline(), May: v.may(access.RegistryWrite), Read: v.may(access.PipelineConsume), Send: v.may(access.PipelineProduce)}
	if view.topicRow, err = v.topicRow(t); err != nil {
		return err
	}
	hours, counted, err := v.Pipeline.Hourly(v.r.Context(), v.caller, t.ID, hoursShown)
	if err != nil {
		return err
	}
	view.Counted = counted
	view.hours(hours)
	return v.show(http.StatusOK, "pipeline_topic", "Topic "+t.Name, &view)
}

func (view *topicView) hours(hours []eventlog.Hour) {
	var all []bar
	var total int64
	for _, h := range hours {
		b := bar{Value: float64(h.Events), Title: h.At.Format("2 Jan 15:04") + " UTC: " + grouped(h.Events)}
		if h.At.Hour() == 0 {
			b.Mark = h.At.Format("2 Jan")
		}
		total += h.Events
		if h.Events > 0 {
			view.Hours = append(view.Hours, h)
		}
		all = append(all, b)
	}
	slices.Reverse(view.Hours)
	view.Total = grouped(total)
	view.Chart = drawBars("Events of each of the last "+strconv.Itoa(len(hours))+" hours, "+view.Total+" in all", all)
}

// groupView is the page of a consumer group.
type groupView struct {
	groupRow
	TopicPath string
	May       bool
	Role      string
	Reset     *form
}

func (v *visit) groupView() (groupView, error) {
	c, err := v.Pipeline.Consumer(v.r.Context(), v.caller, v.r.PathValue("topic"), v.r.PathValue("group"))
	if err != nil {
		return groupView{}, err
	}
	view := groupView{groupRow: groupRowOf(c.Topic.Name, c), TopicPath: topicPath(&c.Topic), May: v.may(access.RegistryWrite), Role: v.lacks(access.RegistryWrite, "set its pointers")}
	if view.May {
		view.Reset = v.form(view.Path+"/reset", "Set the pointers",
			(&input{Name: "to", Label: "Go on from", Kind: radioInput, Required: true, Options: []choiceOption{
				{Value: "earliest", Label: "The oldest event that is kept", Hint: "Everything that is kept comes once more."},
				{Value: "latest", Label: "The newest", Hint: "What it has not read is passed over."},
				{Value: "at", Label: "An instant", Hint: "As written below."}, {Value: "offset", Label: "An offset of one partition", Hint: "As written below. The others stay."},
			}}),
			text("at", "Instant", "", "2026-11-28 09:30, in UTC.").maybe(), text("partition", "Partition", "", "").maybe(), text("offset", "Offset", "", "").maybe())
		view.Reset.Danger = true
	}
	return view, nil
}

func (v *visit) groupItem() error {
	view, err := v.groupView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "pipeline_group", "Group "+view.Group, &view)
}

// groupReset sets where a group goes on.
func (v *visit) groupReset() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	view, err := v.groupView()
	if err != nil {
		return err
	}
	ask, problems := v.resetAsked()
	if err = problems.Errors(); err == nil {
		_, err = v.Pipeline.Reset(v.r.Context(), v.caller, view.Topic.ID, view.Group, ask)
	}
	if problems, ok := told(err); ok {
		v.refill(view.Reset.Inputs)
		view.Reset.put(problems)
		return v.show(http.StatusUnprocessableEntity, "pipeline_group", "Group "+view.Group, &view)
	}
	if err != nil {
		return err
	}
	return v.done(view.Path, "The pointers of "+view.Group+" were set. Its streams begin anew from there.")
}

func (v *visit) resetAsked() (ask pipeline.Reset, problems finding.Problems) {
	switch v.value("to") {
	case "at":
		text := strings.TrimSuffix(strings.Replace(strings.TrimSuffix(v.value("at"), "UTC"), "T", " ", 1), "Z")
		for _, form := range []string{time.DateTime, "2006-01-02 15:04", time.DateOnly} {
			if at, err := time.Parse(form, strings.TrimSpace(text)); err == nil {
				ask.At = at
			}
		}
		if ask.At.IsZero() {
			problems.Wrong("/at", "this is no instant", "write it as 2026-11-28 09:30")
		}
	case "offset":
		part, err := strconv.Atoi(v.value("partition"))
		if err != nil {
			problems.Wrong("/partition", "this is no partition", "write its number")
		}
		offset, err := strconv.ParseInt(v.value("offset"), 10, 64)
		if err != nil {
			problems.Wrong("/offset", "this is no offset", "write a number")
		}
		ask.Offsets = map[int]int64{part: offset}
	default:
		ask.To = v.value("to")
	}
	return ask, problems
}

func (v *visit) groupDelete() error {
	if err := v.caller.Require(access.RegistryWrite); err != nil {
		return err
	}
	view, err := v.groupView()
	if err != nil {
		return err
	}
	if !v.confirmed(view.Group) {
		return v.confirm(confirmation{What: "the consumer group", Name: view.Group, Goes: "its pointers. Whoever reads by that name begins anew.", Stays: "every event."}, view.Path+"/delete", view.Path)
	}
	if err := v.Pipeline.Forget(v.r.Context(), v.caller, view.Topic.ID, view.Group); err != nil {
		return err
	}
	return v.done(view.TopicPath, "The consumer group "+view.Group+" was deleted.")
}
