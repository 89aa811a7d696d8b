package web

// asked is a scope in words.
type asked struct{ Words, Scope string }

// scopeWords say what a scope lets a client do. What is not here is shown by its name.
var scopeWords = map[string]string{
	"openid":                "Know that it is you who signs in",
	"AdobeID":               "Know you by the id of your account",
	"profile":               "See your name",
	"email":                 "See your e-mail address",
	"address":               "See your country",
	"offline_access":        "Go on while you are away, until that is revoked",
	"session":               "Keep a session for you",
	"additional_info":       "See more about your account",
	"additional_info.roles": "See your roles in the organization",
	"additional_info.projectedProductContext": "See which products you may use",
	"additional_info.job_function":            "See your job function",
	"read_organizations":                      "See which organization you belong to",
	"adobeio_api":                             "Call the developer console in your name",
	"read_client_secret":                      "Read the client secrets of credentials",
	"manage_client_secrets":                   "Add and remove client secrets of credentials",
	"event_receiver_api":                      "Receive events",
	"user_management_sdk":                     "Read and change users and groups",
	"target_sdk":                              "Read and change what Target holds",
	"read_pc.dma_bullseye":                    "See which Target products you may use",
	"triggers:consume":                        "Read triggers",
	"triggers:produce":                        "Send triggers",
	"tokens:read":                             "Read access tokens of connections",
	"proxy:call":                              "Call services through connections",
	"connections:read":                        "See connections",
	"connections:write":                       "See and change connections",
	"definitions:read":                        "See definitions",
	"definitions:write":                       "See and change definitions",
	"registry:read":                           "See projects, credentials and people",
	"registry:write":                          "See and change projects, credentials and people",
	"pipeline:produce":                        "Send events",
	"pipeline:consume":                        "Read events",
	"pipeline:run":                            "Take the credentials that are handed over to an instance's daemons",
	"audit:read":                              "Read the audit record",
	"admin":                                   "Do everything that you may do",
}

// inWords says what each scope is; those without words come last.
func inWords(scopes []string) []asked {
	var known, unknown []asked
	for _, scope := range scopes {
		if words := scopeWords[scope]; words != "" {
			known = append(known, asked{words, scope})
		} else {
			unknown = append(unknown, asked{"", scope})
		}
	}
	return append(known, unknown...)
}
