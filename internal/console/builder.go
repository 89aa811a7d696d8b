package console

import "net/http"

// This file has what the console keeps for the vendor's App Builder: functions, extensions, and how much of an API's quota
// was used. A client that lists them gets none; one that wants to make or read one is told so, for a 404 would look like a
// mistake in its path.

func (s *server) builderRoutes() {
	const org = "/console/organizations/{org}"
	lists := map[string]any{
		workspacePath + "/plugins":   []string{},
		workspacePath + "/endpoints": map[string]any{"endpoints": struct{}{}},
		org + "/xp/{point}":          []string{},
		org + "/xr-api/v1/app":       []string{},
	}
	for path, none := range lists {
		s.route("GET "+path, func(*request) (answer, error) { return answer{body: none}, nil })
	}
	for pattern, what := range map[string]string{
		"POST " + workspacePath + "/namespace":                "There is no runtime here",
		"GET " + org + "/namespaces/{namespace}/workspace":    "There is no runtime here",
		"PUT " + workspacePath + "/endpoints":                 "There are no extensions of applications here",
		"GET /console/data/projects/{project}/install-config": "There are no applications to install here",
		"GET " + org + "/policy/{credential}":                 "There are no quotas of services here",
		"GET " + org + "/policy/{credential}/{code}/usage":    "There are no quotas of services here",
		"GET " + org + "/policy/{credential}/usage":           "There are no quotas of services here",
	} {
		s.route(pattern, func(*request) (answer, error) { return answer{}, failure{http.StatusNotImplemented, "501", what} })
	}
}
