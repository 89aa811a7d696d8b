package event

import "slices"

// Type is a kind of event.
type Type string

// The types. Each has its line in the table below.
const (
	ConnectionDegraded             Type = "connection.degraded"
	ConnectionRecovered            Type = "connection.recovered"
	ConnectionNeedsReauthorization Type = "connection.needs_reauthorization"
	ConnectionRefreshed            Type = "connection.refreshed"
	ConnectionNotRevoked           Type = "connection.not_revoked"
	CredentialCreated              Type = "credential.created"
	CredentialChanged              Type = "credential.changed"
	CredentialDeleted              Type = "credential.deleted"
	Expiring                       Type = "expiring"
	PipelineCaughtUp               Type = "pipeline.caught_up"
	PipelineLagging                Type = "pipeline.lagging"
	PipelineLost                   Type = "pipeline.lost"
	PipelinedRecovered             Type = "pipelined.recovered"
	PipelinedTrouble               Type = "pipelined.trouble"
	ProviderDown                   Type = "provider.down"
	ProviderUp                     Type = "provider.up"
	WebhookDisabled                Type = "webhook.disabled"
	WebhookTest                    Type = "webhook.test"
)

// Description is what there is to know about a type.
type Description struct {
	Type Type
	// Doc is one sentence.
	Doc string
	// Frequent says that there is one for each thing that goes as it should. Such an event is kept and delivered only
	// where an endpoint names its type.
	Frequent bool
	// Members are those of Data, in the order of the reference. A member that does not apply is absent.
	Members []Member

	example example
}

// example is what differs between the types' examples.
type example struct {
	sandbox, subject string
	data             map[string]any
}

// Member is one of an event's Data.
type Member struct{ Name, Doc string }

// Descriptions gives every type, in the order of the reference.
func Descriptions() []Description { return slices.Clone(descriptions) }

// Describe gives what there is to know about a type; false when there is none of that name.
func Describe(t Type) (Description, bool) {
	i := slices.IndexFunc(descriptions, func(d Description) bool { return d.Type == t })
	if i < 0 {
		return Description{}, false
	}
	return descriptions[i], true
}

// Known tells whether there is such a type.
func (t Type) Known() bool {
	_, ok := Describe(t)
	return ok
}

// Frequent tells whether events of the type are kept only where an endpoint names it.
func (t Type) Frequent() bool {
	d, _ := Describe(t)
	return d.Frequent
}

var (
	credentialName   = Member{"name", "The credential's name."}
	credentialKind   = Member{"kind", "Its kind, such as service_account_jwt."}
	clientMember     = Member{"client_id", "Its client id."}
	labelMember      = Member{"label", "The connection's label."}
	definitionMember = Member{"definition", "The name of its definition."}
	reasonMember     = Member{"reason", "Why, as the connection's own reason says it."}
	kindMember       = Member{"error_kind", "The class of the last failure: grant_dead, client_dead, provider_down, bad_response or denied."}
	codeMember       = Member{"error_code", "The provider's own error code, such as invalid_grant."}
	statusMember     = Member{"status", "The HTTP status of its answer."}
	topicMember      = Member{"topic", "The topic's name."}
	hostMember       = Member{"host", "The container that it runs on."}
	groupMember      = Member{"group", "The consumer group."}
	providerMember   = Member{"provider", "The host of its token endpoint."}
)

var descriptions = []Description{
	{
		Type:    ConnectionDegraded,
		Doc:     "A refresh failed in a way that may pass; the token is served while it is valid, and the refresh is tried again.",
		Members: []Member{labelMember, definitionMember, reasonMember, kindMember, codeMember, statusMember},
		example: example{"prod", "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"label": "acme-emea", "definition": "moviestar", "reason": "the provider can't be reached", "error_kind": "provider_down", "status": 503}},
	},
	{
		Type:    ConnectionRecovered,
		Doc:     "A connection that was degraded, or needed a new consent, has a fresh token again.",
		Members: []Member{labelMember, definitionMember, {"generation", "The generation of the token."}},
		example: example{"prod", "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"label": "acme-emea", "definition": "moviestar", "generation": 8}},
	},
	{
		Type:    ConnectionNeedsReauthorization,
		Doc:     "The grant has ended: no token comes any more until somebody consents again.",
		Members: []Member{labelMember, definitionMember, reasonMember, kindMember, codeMember, statusMember},
		example: example{"prod", "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"label": "acme-emea", "definition": "moviestar", "reason": "the provider does not accept the refresh token any more", "error_kind": "grant_dead", "error_code": "invalid_grant", "status": 400}},
	},
	{
		Type:     ConnectionRefreshed,
		Doc:      "A connection has a new token.",
		Frequent: true,
		Members:  []Member{labelMember, definitionMember, {"generation", "The generation of the new token."}, {"expires_at", "When the new token ends."}},
		example:  example{"prod", "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"label": "acme-emea", "definition": "moviestar", "generation": 8, "expires_at": "2026-11-21T10:30:00Z"}},
	},
	{
		Type:    ConnectionNotRevoked,
		Doc:     "A deleted connection's grant could not be revoked at its provider: it lives there until somebody ends it.",
		Members: []Member{labelMember, definitionMember, providerMember, {"revocation", "The id of the revocation (rev_…)."}, reasonMember, kindMember, codeMember, statusMember},
		example: example{"prod", "conn_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"label": "acme-emea", "definition": "moviestar", "provider": "api.moviestar.com", "revocation": "rev_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", "reason": "the provider could not be reached, or was unable to answer, for three days", "error_kind": "provider_down", "status": 503}},
	},
	{
		Type:    CredentialCreated,
		Doc:     "A credential was made in the developer console.",
		Members: []Member{credentialName, credentialKind, clientMember, {"project", "The id of its project."}, {"workspace", "The id of its workspace."}},
		example: example{"", "4566206088344958297", map[string]any{"name": "Campaign triggers", "kind": "service_account_jwt", "client_id": "e053e1a87cf74c68a6ec8e71d4a82662", "project": "4566206088344958295", "workspace": "4566206088344958296"}},
	},
	{
		Type:    CredentialChanged,
		Doc:     "A credential was changed: its secrets, certificates, services, or how far it has migrated.",
		Members: []Member{credentialName, credentialKind, clientMember, {"project", "The id of its project."}, {"workspace", "The id of its workspace."}, {"change", "What was done, as the audit record names it: secret.create, binding.delete, credential.subscribe, migration.finish."}},
		example: example{"", "4566206088344958297", map[string]any{"name": "Campaign triggers", "kind": "service_account_jwt", "client_id": "e053e1a87cf74c68a6ec8e71d4a82662", "project": "4566206088344958295", "workspace": "4566206088344958296", "change": "secret.create"}},
	},
	{
		Type:    CredentialDeleted,
		Doc:     "A credential was deleted. Deleting a workspace or a project deletes its credentials without such an event for each.",
		Members: []Member{credentialName, credentialKind, clientMember, {"project", "The id of its project."}, {"workspace", "The id of its workspace."}},
		example: example{"", "4566206088344958297", map[string]any{"name": "Campaign triggers", "kind": "service_account_jwt", "client_id": "e053e1a87cf74c68a6ec8e71d4a82662", "project": "4566206088344958295", "workspace": "4566206088344958296"}},
	},
	{
		Type: Expiring,
		Doc:  "Something ends soon: a refresh token, a certificate, a client secret, a key. There is one at 60, 30, 14, 7 and 1 days.",
		Members: []Member{{"kind", "What it is: refresh_token, access_token, certificate, client_secret, api_key, signing_key or root_key."},
			{"name", "What people call it."}, {"expires_at", "When it ends."}, {"days", "The threshold that was crossed: 60, 30, 14, 7 or 1."},
			{"fix", "What to do about it."}},
		example: example{"prod", "def_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"kind": "client_secret", "name": "moviestar", "expires_at": "2026-11-28T00:00:00Z", "days": 7, "fix": "make a new secret at the provider and publish the definition with it"}},
	},
	{
		Type:    PipelineCaughtUp,
		Doc:     "A consumer group whose lag was near what its topic keeps has caught up.",
		Members: []Member{topicMember, groupMember, {"lag", "How many events it has not committed."}},
		example: example{"", "top_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"topic": "triggers", "group": "campaign-prod", "lag": 12}},
	},
	{
		Type:    PipelineLagging,
		Doc:     "A consumer group's lag is near what its topic keeps: events that it has not read will be let go of. The subject is the topic.",
		Members: []Member{topicMember, groupMember, {"lag", "How many events it has not committed."}, {"retention_used", "How much of what the topic keeps lies between the group and the newest event, from 0 to 1, by age or by bytes."}},
		example: example{"", "top_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"topic": "triggers", "group": "campaign-prod", "lag": 1843200, "retention_used": 0.83}},
	},
	{
		Type:    PipelineLost,
		Doc:     "A consumer group found events gone that it had not read: its topic has let go of them.",
		Members: []Member{topicMember, groupMember, {"partition", "The partition."}, {"from", "The first offset that is gone."}, {"events", "How many are gone."}},
		example: example{"", "top_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"topic": "triggers", "group": "campaign-prod", "partition": 3, "from": 1090921, "events": 204}},
	},
	{
		Type:    PipelinedRecovered,
		Doc:     "A pipelined of a Campaign instance that had told of trouble consumes again. The subject is the instance.",
		Members: []Member{hostMember, {"since", "When the trouble began."}},
		example: example{"", "prod", map[string]any{"host": "campaign-1", "since": "2026-11-21T09:28:30Z"}},
	},
	{
		Type:    PipelinedTrouble,
		Doc:     "A pipelined of a Campaign instance has consumed nothing for a minute: its key has ended, say, or the broker is away. Triggers wait in the broker meanwhile. The subject is the instance.",
		Members: []Member{hostMember, {"trouble", "Why, in the daemon's words."}, {"since", "When it began."}},
		example: example{"", "prod", map[string]any{"host": "campaign-1", "trouble": "no stream of topic triggers: opening the stream: the broker answered 403 Forbidden", "since": "2026-11-21T09:28:30Z"}},
	},
	{
		Type: ProviderDown,
		Doc:  "A provider is unreachable or answers with errors, or refuses the client of a definition: its refreshes are held back. The subject is its host, or the id of the incident (inc_…).",
		Members: []Member{providerMember, definitionMember, reasonMember, kindMember, codeMember, statusMember,
			{"connections", "How many connections are held back, where that is known."}},
		example: example{"prod", "inc_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"provider": "api.moviestar.com", "definition": "moviestar", "reason": "the provider refuses the client: its secret is wrong or has ended, or it lacks a right", "error_kind": "client_dead", "error_code": "invalid_client", "status": 401, "connections": 12}},
	},
	{
		Type:    ProviderUp,
		Doc:     "A provider that was down answers again, or accepts the client again.",
		Members: []Member{providerMember, definitionMember, {"down_since", "When it went down."}},
		example: example{"prod", "inc_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"provider": "api.moviestar.com", "definition": "moviestar", "down_since": "2026-11-21T09:12:00Z"}},
	},
	{
		Type:    WebhookDisabled,
		Doc:     "An endpoint was disabled: for five days nothing could be delivered to it, or it answered 410.",
		Members: []Member{{"url", "Its address, without its query."}, reasonMember, {"failing_since", "When its failures began."}},
		example: example{"", "wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"url": "https://example.com/hooks/latchkey", "reason": "Nothing could be delivered to it for five days.", "failing_since": "2026-11-16T09:12:00Z"}},
	},
	{
		Type:    WebhookTest,
		Doc:     "Somebody asked for an event to see that an endpoint works; it is sent to that endpoint alone.",
		Members: []Member{{"message", "A sentence."}},
		example: example{"", "wh_01KB3E7XJ0V9M2Q4T8R6Z1C5DN", map[string]any{"message": "This is a test. When its signature is right, your endpoint works."}},
	},
}
