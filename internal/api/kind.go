package api

import "net/http"

// Kind is a type of problem. The list of kinds is a contract: a client may switch on the part of `type` after "#".
type Kind struct {
	Slug   string `json:"slug"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Means says when it is given; Do, the way out.
	Means string `json:"means"`
	Do    string `json:"do"`
}

var (
	kindMalformed = &Kind{"malformed_json", "The body is not JSON", http.StatusBadRequest,
		"Reading the request's body stopped at `line` and `column`; `detail` says what was expected there. Nothing was stored.",
		"Correct the text at that place and send it again."}
	kindInvalid = &Kind{"invalid_request", "The request is not valid", http.StatusBadRequest,
		"A member of the body or a parameter is unknown, missing, of the wrong type or out of its bounds. Each entry of `errors` names one by `pointer` or `parameter`. Values are never repeated, as they may be secrets.",
		"Follow the `fix` of each entry."}
	kindDefinition = &Kind{"invalid_definition", "The definition can't be stored", http.StatusBadRequest,
		"The document breaks a rule that even a draft has to keep: a wrong enum value, a template that does not parse, a name declared twice. Each entry of `errors` has the JSON pointer and a fix; for a template, `line` and `column` count within it.",
		"Follow the `fix` of each entry. `POST /api/v1/definitions/lint` tells the same without storing anything."}
	kindFields = &Kind{"invalid_fields", "The fields don't fit the definition", http.StatusBadRequest,
		"A field is unknown, missing, of the wrong type, or outside its pattern or enum. Nothing was stored and nothing was sent to the provider.",
		"`GET /api/v1/definitions/{ref}/prompts` lists the fields that the definition asks for."}
	kindUnauthenticated = &Kind{"unauthenticated", "No valid key", http.StatusUnauthorized,
		"The request has no `Authorization: Bearer lk_…`, or the key is unknown, expired or revoked. Which of these is not told.",
		"Send a valid key. `latchkey key create` makes one."}
	kindDenied = &Kind{"missing_scope", "The key may not do this", http.StatusForbidden,
		"The key is valid, but lacks the scope that `detail` names; or a person lacks the role, or the product profile.",
		"Use a key with that scope, or make one with `latchkey key create --scope …`."}
	kindSandbox = &Kind{"other_sandbox", "The key is bound to another sandbox", http.StatusForbidden,
		"The request names a sandbox (`?sandbox=` or `x-sandbox-name`) other than the only one that the key may use.",
		"Leave the sandbox out, or use a key of the other sandbox."}
	kindForeign = &Kind{"cross_origin", "The request comes from a page of another site", http.StatusForbidden,
		"A browser says that a page of another origin sent the request (`Sec-Fetch-Site`, `Origin`). Pages of other origins may not change anything here.",
		"Call the API from a server, not from a page."}
	kindNotFound = &Kind{"not_found", "There is no such thing", http.StatusNotFound,
		"Nothing of the kind has that id or name in the sandbox or organization that was asked, or it belongs to someone else.",
		"Check the id, and the sandbox: without `?sandbox=` the key's own, or `prod`."}
	kindRoute = &Kind{"no_such_route", "There is no such route", http.StatusNotFound,
		"The path is not one of the API's.", "`detail` names the nearest one; `/docs` lists them all."}
	kindMethod = &Kind{"method_not_allowed", "The route has no such method", http.StatusMethodNotAllowed,
		"The path exists, but not with this method. The header `Allow` lists those that do.", "Use one of those."}
	kindNameTaken = &Kind{"name_taken", "The name is taken", http.StatusConflict,
		"Another thing of the kind has the name, in the same sandbox or organization.",
		"Choose another, or change the one that has it."}
	kindInUse = &Kind{"in_use", "It is still in use", http.StatusConflict,
		"A definition can't be deleted while connections to it exist, nor a sandbox while anything is in it, nor a service, product profile, secret or certificate that is needed.",
		"`detail` says what needs it: delete or change that first. `GET /api/v1/connections?definition=…` lists connections."}
	kindQuota = &Kind{"quota_reached", "There may be no more of it", http.StatusConflict,
		"An organization, a project or a credential has as many of the thing as it may have: two client secrets, for one.",
		"Delete one that is not used any more."}
	kindNotOffered = &Kind{"service_not_offered", "The service can't be added", http.StatusConflict,
		"The organization or the caller lacks something that the service takes: an entitlement, a product profile, a role. Each entry of `errors` is a reason.",
		"Follow the reasons. `GET /api/v1/services` lists what can be added, and why the others can't."}
	kindState = &Kind{"state_conflict", "That does not fit its state", http.StatusConflict,
		"The act is not possible in the state that the thing is in, or another change came first.",
		"Read it again; `detail` says what is possible."}
	kindReauthorize = &Kind{"needs_reauthorization", "The account's owner has to consent again", http.StatusConflict,
		"The provider declared the grant dead, or the token ended and there is no way to renew it. No request will bring a token until someone consents.",
		"POST to `reauthorize_url`, and send the `authorize_url` of the answer to the account's owner."}
	kindPending = &Kind{"pending_authorization", "The first consent has not happened", http.StatusConflict,
		"The connection was made, but nobody has followed its `authorize_url` to the end.",
		"Follow the `authorize_url`; when it is too old, POST to `reauthorize_url` for a new one."}
	kindDisabled = &Kind{"connection_disabled", "The connection is switched off", http.StatusConflict,
		"Its owner disabled it: it gives no token and renews none.", "`POST /api/v1/connections/{ref}/enable`."}
	kindRunning = &Kind{"idempotency_in_progress", "The same request is still running", http.StatusConflict,
		"A request with this `Idempotency-Key` has begun and not ended.", "Wait as long as `Retry-After` says, and send it again."}
	kindTooLarge = &Kind{"too_large", "The body is too large", http.StatusRequestEntityTooLarge,
		"A request's body may have 1 MiB.", "Send less."}
	kindContentType = &Kind{"unsupported_media_type", "The body's type is not JSON", http.StatusUnsupportedMediaType,
		"Bodies are JSON, and have to say so.", "Send the header `Content-Type: application/json`."}
	kindUnpublishable = &Kind{"not_publishable", "The draft can't be published", http.StatusUnprocessableEntity,
		"The draft is stored, but can't run as it is: something that it refers to is missing. Each entry of `errors` has the JSON pointer and a fix.",
		"Follow the `fix` of each entry, store the draft again, publish."}
	kindRefused = &Kind{"provider_refused", "The provider said no", http.StatusUnprocessableEntity,
		"The provider was reached and did not give a token: `failure` has its code, status and words, or the check of the definition that failed. A connection that was being made is not stored.",
		"For `client_dead`, correct the client id and secret; for `grant_dead`, the account's name and password or its consent; for `denied`, the rights asked for; for `bad_response`, the definition."}
	kindMismatch = &Kind{"idempotency_mismatch", "The Idempotency-Key belongs to another request", http.StatusUnprocessableEntity,
		"The key was sent before with another body, path or sandbox.", "Use a new key for a new request."}
	kindDown = &Kind{"provider_down", "The provider can't be reached", http.StatusFailedDependency,
		"The provider did not answer, or not in a way that tells anything, or it is not called for now, since it is down or refuses the client; `failure` has the class. There is no valid token to give instead. A connection that was being made is not stored.",
		"Try again after `Retry-After`. Latchkey tries by itself too, for connections that exist. `GET /api/v1/providers` tells how the provider stands."}
	kindProduct = &Kind{"product_refused", "The product did not do it", http.StatusFailedDependency,
		"Adobe Target or Analytics, or the gateway before them, refused what was asked, or did not answer: `failure` has its code, status and words, `errors` what to change where.",
		"Do what `errors` says; `latchkey cloud-service connect` shows which layer refuses."}
	kindCallDenied = &Kind{"call_not_allowed", "The key may not make that call", http.StatusForbidden,
		"The key is bound to some methods and paths of the proxy, and `detail` names the one that is not among them. Nothing was sent.",
		"Use a key that may, or make one: `latchkey key create --scope proxy:call --call-method … --call-path …`."}
	kindNoService = &Kind{"no_service", "The definition does not say where the service is", http.StatusConflict,
		"A call through the proxy needs the service's base URL, and the fields that are in it: `detail` says what is missing. Nothing was sent.",
		"Add `options.proxy.baseUrl` to the definition and publish it, or give the connection the field."}
	kindMoved = &Kind{"service_moved", "The service is elsewhere than it was", http.StatusConflict,
		"A newer revision of the definition sends calls, and the token with them, to another address than the one that the connection was authorized with. Nothing was sent.",
		"Authorize the connection again: `latchkey connection reauthorize`."}
	kindServiceDown = &Kind{"service_unreachable", "The service can't be reached", http.StatusBadGateway,
		"The connection's service did not answer the call; `detail` says why, and whether the call may have left.",
		"Try again when the service answers. A call that may have left and changes something must not be repeated blindly."}
	kindServiceSlow = &Kind{"service_timeout", "The service did not answer in time", http.StatusGatewayTimeout,
		"The connection's service took the call and did not begin to answer for five minutes.",
		"Ask the service how the call went before it is repeated."}
	kindRate = &Kind{"rate_limited", "Too many requests", http.StatusTooManyRequests,
		"The key, or the address after many refused keys, asked more often than it may.", "Wait as long as `Retry-After` says."}
	kindInternal = &Kind{"server_error", "Something broke here", http.StatusInternalServerError,
		"The fault is Latchkey's, not the request's. What happened is in the server's log under `request_id`, and only there.",
		"Try again; when it stays, give the `request_id` to whoever runs this server."}
	kindNotServed = &Kind{"not_served", "This is not served", http.StatusNotImplemented,
		"The path belongs to a part of the vendor's API that a token broker has no use for.", "`detail` says what to use instead."}
	kindNotRecorded = &Kind{"not_recorded", "The read could not be recorded", http.StatusServiceUnavailable,
		"`audit.reads` is `strict`: a token is handed out when the record of it is durable, and the database does not take it now.",
		"Try again after `Retry-After`; whoever runs this server sees why in `/readyz` and in the log."}
	kindUnavailable = &Kind{"unavailable", "The server is stopping or starting", http.StatusServiceUnavailable,
		"The server can't take this request now, or its database can't be reached. Tokens that are valid are given all the same.", "Try again after `Retry-After`."}
)

// Kinds lists every kind of problem, in the order of their statuses.
func Kinds() []*Kind {
	return []*Kind{
		kindMalformed, kindInvalid, kindDefinition, kindFields, kindUnauthenticated, kindDenied, kindSandbox,
		kindForeign, kindNotFound, kindRoute, kindMethod, kindNameTaken, kindInUse, kindQuota, kindNotOffered, kindState, kindReauthorize, kindPending,
		kindDisabled, kindRunning, kindTooLarge, kindContentType, kindUnpublishable, kindRefused, kindMismatch,
		kindDown, kindProduct, kindCallDenied, kindNoService, kindMoved, kindServiceDown, kindServiceSlow, kindRate, kindInternal, kindNotServed, kindNotRecorded, kindUnavailable,
	}
}
