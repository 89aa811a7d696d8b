package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"latchkey/internal/access"
	"latchkey/internal/cloudservice"
	"latchkey/internal/connection"
	"latchkey/internal/destination"
	"latchkey/internal/finding"
	"latchkey/internal/ims"
)

// What needs somebody among what uses tokens: IMS configurations, cloud services, webhooks, consumers of the pipeline.

// rotationPatience is how long a rotation may take before it is told of.
const rotationPatience = time.Hour

func imsTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	checks, err := v.IMS.Checks(ctx, v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	var all []trouble
	for i := range checks {
		c := &checks[i]
		if c.Healthy {
			continue
		}
		at := v.inSandbox("/ims-configurations/" + url.PathEscape(c.Name))
		t := trouble{Tone: "bad", Before: "The last check of ", Name: cmp.Or(c.Title, c.Name), What: "failed.", Path: at, Since: c.At,
			Act: "Check again", ActPath: v.inSandbox("/ims-configurations/" + url.PathEscape(c.Name) + "/check")}
		if failed := c.Failed(); failed != nil {
			t.What, t.Text = "failed at “"+layerName(failed.Name)+"”.", sentence(failed.Message)+" "+sentence(adviceText(failed))
		}
		if !v.may(access.ConnectionsWrite) {
			t.Act, t.ActPath = "Look", at
		}
		all = append(all, t)
	}
	return bounded(all, func(n int) trouble {
		return trouble{Tone: "bad", Name: "and " + plural(n, "more IMS configuration"), What: "failed their last check.", Act: "Show all", ActPath: v.inSandbox(placeIMS)}
	}), nil
}

// checkedView is a check that failed, layer by layer.
type checkedView struct {
	ims.Checked
	Path string
}

// lastFailedCheck gives the latest check that failed; nil for none.
func (v *visit) lastFailedCheck(ctx context.Context) (*checkedView, error) {
	checks, err := v.IMS.Checks(ctx, v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	var last *checkedView
	for _, c := range checks {
		if !c.Healthy && (last == nil || c.At.After(last.At)) {
			last = &checkedView{c, v.inSandbox("/ims-configurations/" + url.PathEscape(c.Name))}
		}
	}
	return last, nil
}

// syncedMost is of how many services of Target the sync is looked at.
const syncedMost = 50

func cloudServiceTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	services, err := v.CloudServices.List(ctx, v.caller, v.sandbox)
	if err != nil {
		return nil, err
	}
	var all []trouble
	for i := range services {
		s := &services[i]
		if s.Kind != cloudservice.Target || !s.Target.SyncAudiences || i >= syncedMost {
			continue
		}
		sync, err := v.CloudServices.SyncState(ctx, v.caller, cloudservice.Ref{Sandbox: v.sandbox, Name: s.Name})
		if errors.Is(err, cloudservice.ErrNeverSynced) || errors.Is(err, cloudservice.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if sync.State == cloudservice.SyncFailed {
			all = append(all, v.syncTrouble(s, sync.Walk.Failed, sync.Walk.Failures))
		}
	}
	return bounded(all, func(n int) trouble {
		return trouble{Tone: "warn", Name: "and " + plural(n, "more cloud service"), What: "can’t sync their audiences.", Act: "Show all", ActPath: v.inSandbox(placeCloudServices)}
	}), nil
}

func (v *visit) syncTrouble(s *cloudservice.Service, failed *finding.Layer, failures int) trouble {
	at := v.inSandbox("/cloud-services/" + url.PathEscape(s.Name))
	t := trouble{Tone: "warn", Before: "The cloud service ", Name: cmp.Or(s.Title, s.Name), What: "can’t sync its audiences.", Path: at, Act: "See why", ActPath: at,
		Text: "It failed " + times(int64(failures)) + " in a row, and is tried again."}
	if failed != nil {
		t.Text = sentence(failed.Message) + " " + sentence(adviceText(failed)) + " " + t.Text
	}
	return t
}

func webhookTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	endpoints, err := v.Webhooks.List(ctx, v.caller)
	if err != nil {
		return nil, err
	}
	var all []trouble
	for _, e := range endpoints {
		at := v.leads("/settings/webhooks/"+url.PathEscape(e.ID), "/settings/webhooks")
		t := trouble{Tone: "bad", Before: "The webhook to ", Name: clip(cmp.Or(e.Description, hostOf(e.URL)), 60), Path: at, ActPath: at, Command: v.Program + " webhook show " + e.ID}
		switch {
		case !e.Enabled && e.Reason != "":
			t.What, t.Since, t.Act = "was switched off.", e.UpdatedAt, "Switch it on again"
			t.Text = sentence(e.Reason) + " Events wait, and can be sent again when it answers."
		case e.Enabled && !e.FailingSince.IsZero():
			t.Tone, t.What, t.Since, t.Act = "warn", "fails.", e.FailingSince, "See its deliveries"
			t.Text = "Its deliveries are tried again, less and less often; if it never answers it is switched off."
		default:
			continue
		}
		all = append(all, t.untyped())
	}
	return bounded(all, func(n int) trouble {
		return trouble{Tone: "bad", Name: "and " + plural(n, "more webhook"), What: "fail.", Act: "Show all", ActPath: v.leads("/settings/webhooks")}
	}), nil
}

func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}

const (
	// topicsMost is of how many topics the consumers are looked at; nearRetention is how near to what a topic keeps is told of.
	topicsMost    = 50
	nearRetention = 0.5
)

func pipelineTroubles(ctx context.Context, v *visit) ([]trouble, error) {
	topics, err := v.Pipeline.Topics(ctx, v.caller)
	if err != nil || !v.Pipeline.On() {
		return nil, err
	}
	var all []trouble
	for _, topic := range topics[:min(len(topics), topicsMost)] {
		consumers, err := v.Pipeline.Consumers(ctx, v.caller, topic.ID)
		if err != nil {
			return nil, err
		}
		at := v.leads("/pipeline/topics/"+url.PathEscape(topic.Name), "/pipeline")
		for i := range consumers {
			c := &consumers[i]
			var lost int64
			for _, p := range c.Partitions {
				lost += p.Lost
			}
			t := trouble{Tone: "warn", Before: "The consumer ", Name: c.Group, Path: at, Act: "Look at the topic", ActPath: at, Command: v.Program + " topic show " + topic.Name}
			switch {
			case lost > 0:
				t.Tone, t.What = "bad", "has lost "+number(lost)+" events of "+topic.Name+"."
				t.Text = "They were older than what the topic keeps, and nobody had read them. Let the topic keep more, or see why the consumer stood still."
			case c.Near >= nearRetention:
				t.What = "is " + short(c.Oldest) + " behind in " + topic.Name + "."
				t.Text = fmt.Sprintf("%s events wait: %d %% of what the topic keeps. At 100 %% events are lost. Start the consumer, or let the topic keep more.", number(c.Lag), int(c.Near*100))
			default:
				continue
			}
			all = append(all, t.untyped())
		}
	}
	return bounded(all, func(n int) trouble {
		return trouble{Tone: "warn", Name: "and " + plural(n, "more consumer"), What: "lag.", Act: "Show all", ActPath: v.leads("/pipeline")}
	}), nil
}

// nothingYet tells whether nothing is connected and nothing is set up.
func (v *visit) nothingYet(ctx context.Context) (bool, error) {
	definitions, _, err := v.Definitions.List(ctx, v.caller, destination.Page{Sandbox: v.sandbox, Limit: 1})
	if err != nil || len(definitions) > 0 {
		return false, err
	}
	connections, err := v.Connections.List(ctx, v.caller, connection.Query{Sandbox: v.sandbox, Limit: 1})
	return len(connections.Items) == 0, err
}
