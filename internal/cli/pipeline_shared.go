package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"latchkey/client"
)

// consuming is what daemons consume, and as whom.
type consuming struct{ topic, consumer string }

// withSharing adds whether another instance consumes as the same consumer: the broker would give each a part of the triggers.
func (p *program) withSharing(ctx context.Context, o PipelinedOptions, found []Finding) []Finding {
	at := slices.IndexFunc(found, func(f Finding) bool { return f.Layer == "process" })
	if at < 0 {
		return found
	}
	layer := Finding{Layer: "consumer", Status: "ok"}
	shared, own, err := p.sharing(ctx, o)
	switch {
	case err != nil:
		layer.Status, layer.Message = "skipped", "whether another instance consumes as the same consumer is not known: there is no server to ask"
	case len(own) == 0:
		layer.Status, layer.Message = "skipped", "no daemon of this instance has told a server what it consumes"
	case len(shared) > 0:
		layer.Status, layer.Message = "failed", strings.Join(shared, "; ")
		layer.Advice = []FindingAdvice{{Do: "give each instance a consumer of its own", Where: "NmsPipeline_Config: \"consumer\""}}
	default:
		layer.Message = "no other instance consumes as " + strings.Join(own, ", ")
	}
	return slices.Insert(found, at, layer)
}

// sharing gives what other instances consume as the consumers of this one, and those.
func (p *program) sharing(ctx context.Context, o PipelinedOptions) (shared, own []string, err error) {
	c, err := p.fleetClient(o)
	if err != nil {
		return nil, nil, err
	}
	instances, err := client.Collect(c.Instances(ctx))
	if err != nil {
		return nil, nil, err
	}
	mine := map[consuming]bool{}
	others := map[consuming][]string{}
	for _, instance := range instances {
		daemons, err := client.Collect(c.Daemons(ctx, instance.Name))
		if err != nil {
			return nil, nil, err
		}
		for _, d := range daemons {
			if d.State == nil || p.Clock.Now().Sub(d.SeenAt) > goneAfter {
				continue
			}
			for _, lane := range d.State.Lanes {
				at := consuming{lane.Topic, lane.Consumer}
				if instance.Name == o.Instance {
					mine[at] = true
				} else if who := instance.Name + " on " + d.Host; !slices.Contains(others[at], who) {
					others[at] = append(others[at], who)
				}
			}
		}
	}
	all := slices.SortedFunc(maps.Keys(mine), func(a, b consuming) int { return strings.Compare(a.topic+"\n"+a.consumer, b.topic+"\n"+b.consumer) })
	for _, at := range all {
		own = append(own, fmt.Sprintf("%s of topic %s", at.consumer, at.topic))
		if who := others[at]; len(who) > 0 {
			shared = append(shared, fmt.Sprintf("the consumer %s of topic %s is also that of %s: each gets a part of the triggers", at.consumer, at.topic, strings.Join(who, ", ")))
		}
	}
	return shared, own, nil
}
