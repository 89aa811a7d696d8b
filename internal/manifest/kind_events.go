package manifest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"latchkey/client"
)

type topicSpec struct {
	Description      string `json:"description,omitempty" doc:"What people should know of it."`
	Partitions       int    `json:"partitions,omitempty" doc:"How many there are, 1 to 128." fixed:"true"`
	RetentionSeconds *int64 `json:"retention_seconds,omitempty" doc:"How long events are kept; 0 is for ever."`
	RetentionBytes   *int64 `json:"retention_bytes,omitempty" doc:"How many bytes are kept; 0 is without limit."`
}

func topicKind() *kind {
	return &kind{
		name: "Topic", doc: "A stream of events.", spec: reflect.TypeFor[topicSpec](),
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			found, err := collect(c.Topics(ctx), nil, func(v client.Topic) (*current, error) {
				return newCurrent("Topic", v.Name, v.ID, topicSpec{v.Description, v.Partitions, &v.RetentionSeconds, &v.RetentionBytes}, v)
			})
			if refused, ok := errors.AsType[*client.Error](err); ok && refused.Status == http.StatusServiceUnavailable && strings.Contains(refused.Detail, "pipeline.log") {
				return nil, nil // the pipeline is off: there are none
			}
			return found, err
		},
		create: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			spec, err := specOf[topicSpec](s)
			if err != nil {
				return "", err
			}
			_, err = c.CreateTopic(ctx, client.NewTopic{
				Name: s.Object.Name, Description: spec.Description, Partitions: spec.Partitions, RetentionSeconds: spec.RetentionSeconds, RetentionBytes: spec.RetentionBytes,
			})
			return "", err
		},
		change: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			spec, err := specOf[topicSpec](s)
			if err != nil {
				return "", err
			}
			patch := client.TopicPatch{Description: given(s, "description", spec.Description)}
			if s.changes("retention_seconds") {
				patch.RetentionSeconds = spec.RetentionSeconds
			}
			if s.changes("retention_bytes") {
				patch.RetentionBytes = spec.RetentionBytes
			}
			_, err = c.UpdateTopic(ctx, s.id, patch)
			return "", err
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteTopic(ctx, s.id) },
		breaks: func(s *Step) []string {
			if s.Act == Delete {
				return []string{"its events and its consumer groups are deleted with it"}
			}
			if shortens(s, "retention_seconds") || shortens(s, "retention_bytes") {
				return []string{"events that are older, or too many, go within a minute, whether they were read or not"}
			}
			return nil
		},
	}
}

// shortens tells whether less is kept than before; 0 keeps all.
func shortens(s *Step, path string) bool {
	for _, d := range s.Differences {
		var before, after int64
		if d.Path != path {
			continue
		}
		if _, err := fmt.Sscan(d.Before, &before); err != nil {
			return false
		}
		if _, err := fmt.Sscan(d.After, &after); err != nil {
			return false
		}
		return after != 0 && (before == 0 || after < before)
	}
	return false
}

type webhookSpec struct {
	URL     string   `json:"url" doc:"Where to POST to, by https." required:"true"`
	Types   []string `json:"types,omitempty" doc:"The types of event that it gets; none are all but connection.refreshed."`
	Sandbox string   `json:"sandbox,omitempty" doc:"Only events of this sandbox." fixed:"true"`
	Enabled *bool    `json:"enabled,omitempty" doc:"False delivers nothing."`
}

func webhookKind() *kind {
	return &kind{
		name: "Webhook", doc: "An endpoint that events are delivered to. Its name is its description, or its URL when it has none. Its secret is made by the server.", spec: reflect.TypeFor[webhookSpec](),
		list: func(ctx context.Context, c *client.Client) ([]*current, error) {
			return collect(c.Webhooks(ctx), nil, func(v client.Webhook) (*current, error) {
				return newCurrent("Webhook", cmp.Or(v.Description, v.URL), v.ID, webhookSpec{v.URL, v.Types, v.Sandbox, &v.Enabled}, v)
			})
		},
		create: createWebhook,
		change: func(ctx context.Context, c *client.Client, s *Step) (string, error) {
			spec, err := specOf[webhookSpec](s)
			if err != nil {
				return "", err
			}
			patch := client.WebhookPatch{URL: given(s, "url", spec.URL), Types: given(s, "types", listed(spec.Types))}
			if s.changes("enabled") {
				patch.Enabled = spec.Enabled
			}
			_, err = c.UpdateWebhook(ctx, s.id, patch)
			return "", err
		},
		remove: func(ctx context.Context, c *client.Client, s *Step) error { return c.DeleteWebhook(ctx, s.id) },
		breaks: func(s *Step) []string {
			switch {
			case s.Act == Delete:
				return []string{"its receiver gets no events any more, and its log of deliveries is deleted"}
			case s.changesTo("enabled", "false"):
				return []string{"its receiver gets no events until it is enabled again; what happens meanwhile is replayed on demand"}
			}
			return nil
		},
	}
}

func createWebhook(ctx context.Context, c *client.Client, s *Step) (string, error) {
	spec, err := specOf[webhookSpec](s)
	if err != nil {
		return "", err
	}
	ask := client.NewWebhook{URL: spec.URL, Types: spec.Types, Sandbox: spec.Sandbox, Description: s.Object.Name, Enabled: spec.Enabled}
	if ask.Description == spec.URL {
		ask.Description = ""
	}
	made, err := c.CreateWebhook(ctx, ask)
	if err != nil {
		return "", err
	}
	return "its secret is shown to who rotates it: latchkey webhook rotate-secret " + made.ID, nil
}
