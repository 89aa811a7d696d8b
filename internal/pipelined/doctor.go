package pipelined

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"latchkey/internal/campaign"
	"latchkey/internal/clock"
	"latchkey/internal/egress"
	"latchkey/internal/finding"
	"latchkey/internal/pipelined/connector"
	"latchkey/internal/pipelined/credential"
	"latchkey/internal/pipelined/journal"
	"latchkey/internal/pipelined/routes"
	"latchkey/internal/pipelined/wire"
)

// grants are the modes as the instance's configuration has them.
var grants = map[credential.Mode]campaign.Grant{credential.Legacy: campaign.GrantGateway, credential.JWT: campaign.GrantJWT, credential.OAuth: campaign.GrantOAuth}

// Examination is what a look at an instance's daemon goes by.
type Examination struct {
	Instance  Instance
	Files     Files
	Dir       string
	Client    *egress.Client
	Exchanger credential.Exchanger
	Clock     clock.Clock
}

// Examine looks at each layer that triggers come through, from the files to the stream, as the vendor's page of
// troubleshooting does. It consumes nothing and moves no pointer.
func Examine(ctx context.Context, e Examination) []finding.Layer {
	x := &examiner{Examination: e}
	x.look("element", x.element)
	x.look("routes", x.routes)
	x.look("connectors", func() (finding.Layer, bool) { return x.connectors(ctx) })
	x.look("credential", x.credential)
	x.look("token", func() (finding.Layer, bool) { return x.getToken(ctx) })
	x.look("broker", func() (finding.Layer, bool) { return x.reach(ctx) })
	x.look("handshake", func() (finding.Layer, bool) { return x.shake(ctx) })
	x.look("process", x.process)
	x.look("stream", func() (finding.Layer, bool) { return x.stream(ctx) })
	x.look("dead_letters", func() (finding.Layer, bool) { return x.deadLetters(ctx) })
	return x.layers
}

// examiner goes through the layers. One that others stand on ends those when it fails.
type examiner struct {
	Examination
	layers []finding.Layer
	broken string // the layer that the rest stands on, and that failed
	setup  *Setup
	token  held
	broker *wire.Broker
}

// look adds a layer. The second value tells whether those after it stand on it.
func (x *examiner) look(name string, do func() (finding.Layer, bool)) {
	alone := name == "process" || name == "stream" || name == "dead_letters"
	if x.broken != "" && !alone {
		x.layers = append(x.layers, finding.Layer{Name: name, Status: finding.Skipped, Message: "behind " + x.broken})
		return
	}
	layer, carries := do()
	layer.Name = name
	if layer.Status == "" {
		layer.Status = finding.OK
	}
	if carries && layer.Status == finding.Failed {
		x.broken = name
	}
	x.layers = append(x.layers, layer)
}

func failed(message, vendor string, advice ...finding.Advice) finding.Layer {
	return finding.Layer{Status: finding.Failed, Message: message, Description: vendor, Advice: advice}
}

func (x *examiner) element() (finding.Layer, bool) {
	if x.Instance.Options == nil {
		return failed("the configuration has no <pipelined> element", fmt.Sprintf(vendorNoTask, x.Files.Instance),
			finding.Change(`add <pipelined autoStart="true" authType="imsJwtToken"/>`, fmt.Sprintf("config-%s.xml; the vendor's own server needs %s for a key, and %s for OAuth Server-to-Server",
				x.Files.Instance, campaign.Builds(campaign.GrantJWT), campaign.Builds(campaign.GrantOAuth)))), true
	}
	layer := finding.Layer{Message: "the configuration has a <pipelined> element"}
	for _, note := range x.Instance.Notes {
		layer.Warnings = append(layer.Warnings, fmt.Sprintf("pipelined@%s changes nothing here: %s", note.Attribute, note.Why))
	}
	return layer, true
}

func (x *examiner) routes() (finding.Layer, bool) {
	setup, err := NewSetup(x.Instance, x.Files)
	if err != nil {
		vendor := ""
		if _, isRoutes := errors.AsType[*routes.Error](err); isRoutes || errors.Is(err, ErrNoRoutes) {
			vendor = vendorRoutes
		}
		return failed(err.Error(), vendor, finding.Change("write the option's JSON; comments may stay in it", "NmsPipeline_Config-"+x.Files.Instance+".json beside the configuration")), true
	}
	x.setup = setup
	layer := finding.Layer{Message: fmt.Sprintf("topics in %s: %d", setup.RoutesFile, len(setup.Routes.Topics))}
	for _, topic := range setup.Routes.Topics {
		if _, catchesAll := topic.Route(routes.Any); !catchesAll {
			layer.Warnings = append(layer.Warnings, fmt.Sprintf("topic %s: triggers without a route of their own are passed over and counted (trigger-unrouted); \"*\" catches them", topic.Name))
		}
		if len(topic.Routes) == 0 {
			layer.Warnings = append(layer.Warnings, fmt.Sprintf("topic %s has no route: every trigger is passed over", topic.Name))
		}
	}
	return layer, true
}

func (x *examiner) connectors(ctx context.Context) (finding.Layer, bool) {
	var wrong []string
	layer := finding.Layer{}
	for _, name := range x.setup.Unmapped() {
		wrong = append(wrong, fmt.Sprintf("jsConnector %q is not mapped: its triggers become dead letters", name))
		layer.Advice = append(layer.Advice, finding.Change(fmt.Sprintf("say what takes the part of %q, and reload", name), x.setup.SettingsFile))
	}
	for _, name := range slices.Sorted(maps.Keys(x.setup.Settings.Connectors)) {
		if !slices.Contains(x.setup.Routes.Connectors(), name) {
			layer.Warnings = append(layer.Warnings, fmt.Sprintf("connector %q is in no route", name))
			continue
		}
		if err := connector.Check(ctx, connector.Config{Client: x.Client, Clock: x.Clock, Dir: x.Dir}, x.setup.Settings.Connectors[name]); err != nil {
			wrong = append(wrong, fmt.Sprintf("connector %q: %v", name, err))
		}
	}
	layer.Message = "every jsConnector is mapped, and what they are mapped to opens"
	if len(wrong) > 0 {
		layer.Status, layer.Message = finding.Failed, strings.Join(wrong, "; ")
	}
	return layer, false
}

func (x *examiner) credential() (finding.Layer, bool) {
	c := x.setup.Credential
	if c.Mode == credential.None {
		return finding.Layer{Status: finding.NotNeeded, Message: "disableAuth is set: no token is asked for, which development endpoints alone accept"}, true
	}
	if err := c.Check(); err != nil {
		vendor := ""
		if problem, ok := errors.AsType[*credential.Problem](err); ok {
			vendor = problem.Vendor
			return failed(problem.Field+": "+problem.Msg, vendor, finding.Change(problem.Fix, problem.Field)), true
		}
		return failed(err.Error(), vendor), true
	}
	layer := finding.Layer{Message: fmt.Sprintf("%s, fingerprint %s", c.Describe(), c.Fingerprint())}
	layer.Warnings = append(layer.Warnings, "of the vendor's own server this takes "+campaign.Builds(grants[c.Mode]))
	switch c.Mode {
	case credential.Legacy:
		layer.Warnings = append(layer.Warnings, "legacy OAuth authentication was retired by the vendor on 2021-10-20, for hosted instances on 2022-05-25: move to IMS (docs/guide/migrate-triggers.md)")
	case credential.JWT:
		layer.Warnings = append(layer.Warnings, "the vendor makes no JWT credentials since 2024-06-03 and stops taking them on 2026-03-01, or when the certificate ends: move to OAuth Server-to-Server")
	}
	return layer, true
}

func (x *examiner) getToken(ctx context.Context) (finding.Layer, bool) {
	keeper, err := credential.NewKeeper(x.setup.Credential, x.Exchanger, x.Clock)
	if err == nil {
		x.token.keeper = keeper
		x.token.token, err = keeper.Token(ctx)
	}
	if err != nil {
		lines := Explain(err)
		layer := failed(lines[0], vendorNoToken)
		for _, line := range lines[1:] {
			if line == vendorNoToken { // it stands there already
				continue
			}
			layer.Advice = append(layer.Advice, finding.Change(line, x.setup.Credential.Server))
		}
		return layer, true
	}
	if x.setup.Credential.Mode == credential.None {
		return finding.Layer{Status: finding.NotNeeded}, true
	}
	return finding.Layer{Message: "a token was given"}, true
}

func (x *examiner) reach(ctx context.Context) (finding.Layer, bool) {
	d := &Daemon{config: Config{Client: x.Client}}
	d.setup.Store(x.setup)
	broker, err := d.locate(ctx, x.token)
	if err != nil {
		lines := Explain(err)
		return failed(strings.Join(lines, ": "), vendorLost, finding.Change("check the address", "pipelined@discoverPipelineEndpoint, or pipelined@forcedPipelineEndpoint")), true
	}
	x.broker = broker
	return finding.Layer{Message: "the broker is " + broker.Address()}, true
}

// shake shows the token to the broker, with a marker that is none: that it says so, after it took the token, is enough.
func (x *examiner) shake(ctx context.Context) (finding.Layer, bool) {
	for _, topic := range x.setup.Routes.Topics {
		if err := present(ctx, x.broker, x.token, topic.Consumer, ""); err != nil {
			lines := Explain(err)
			layer := failed(lines[0], vendorLost)
			for _, line := range lines[1:] {
				layer.Advice = append(layer.Advice, finding.Change(line, "the developer console"))
			}
			return layer, true
		}
	}
	return finding.Layer{Message: "the broker takes the token"}, true
}

func (x *examiner) process() (finding.Layer, bool) {
	pid, running := journal.Running(x.Dir)
	if !running {
		return failed("pipelined does not run here", "", finding.Change("nlserver start pipelined@"+x.Files.Instance, "this machine")), false
	}
	layer := finding.Layer{Message: fmt.Sprintf("pipelined runs as process %d", pid)}
	if at, err := Reach(x.Dir); err == nil && at.StatusURL != "" {
		layer.Message += "; its status: " + at.StatusURL
	}
	return layer, false
}

func (x *examiner) deadLetters(ctx context.Context) (finding.Layer, bool) {
	j, err := journal.Look(ctx, x.Dir, x.Clock)
	if errors.Is(err, fs.ErrNotExist) {
		return finding.Layer{Status: finding.NotNeeded, Message: "pipelined has not run here so far"}, false
	}
	if err != nil {
		return failed(err.Error(), ""), false
	}
	defer func() { _ = j.Close() }()
	n, err := j.CountLetters(ctx)
	switch {
	case err != nil:
		return failed(err.Error(), ""), false
	case n > 0:
		return failed(fmt.Sprintf("triggers that were given up, and are kept: %d", n), "trigger-discarded",
			finding.Change("latchkey pipeline dead-letters list "+x.Files.Instance+", then replay", "this machine")), false
	}
	return finding.Layer{Message: "there are none"}, false
}
