package app

import (
	"net/http"
	"slices"
	"strings"

	"tagout"
	"tagout/commands"
	"tagout/internal/api"
)

// beside says who may ask the paths that other parts than the API serve, by the prefix under
// which they are mounted. What is not here is not mounted.
func beside() map[string][]tagout.Permit {
	const slacks = "what Slack has signed; in Socket Mode these paths do not exist"
	const asks = "with the agent's own token, if it has one (`agents.*.token`)"
	return map[string][]tagout.Permit{
		"/ofrep/": {
			{Thing: "POST /ofrep/v1/evaluate/flags", Open: true, Note: asks},
			{Thing: "POST /ofrep/v1/evaluate/flags/{key}", Open: true, Note: asks},
			{Thing: "GET /ofrep/v1/events", Open: true, Note: "it tells only that something changed"},
		},
		"/v1/replicas/": {
			{Thing: "POST /v1/replicas/stops", Note: "what another replica has signed with the key in the database"},
			{Thing: "POST /v1/replicas/look", Note: "what another replica has signed with the key in the database"},
		},
		"/slack/": {
			{Thing: "POST /slack/commands", Note: slacks},
			{Thing: "POST /slack/interactions", Note: slacks},
			{Thing: "POST /slack/events", Note: slacks},
		},
	}
}

// Permits says who may use what of a running Tagout: commands, buttons and forms first, then
// the paths that it serves.
func Permits() []tagout.Permit {
	paths := api.Permits()
	for _, list := range beside() {
		paths = append(paths, list...)
	}
	slices.SortFunc(paths, func(a, b tagout.Permit) int { return strings.Compare(byPath(a.Thing), byPath(b.Thing)) })
	return append(commands.Permits(), paths...)
}

// byPath is a path with its method behind it.
func byPath(thing string) string {
	method, path, _ := strings.Cut(thing, " ")
	return path + " " + method
}

// mount serves what has its permissions written down in [beside]. It returns Internal for
// anything else.
func mount(mux *http.ServeMux, prefix string, h http.Handler) error {
	if len(beside()[prefix]) == 0 {
		return tagout.Errorf(tagout.Internal, "Nobody has said who may ask %s: add it to beside in cmd/tagout/app/permits.go.", prefix)
	}
	mux.Handle(prefix, h)
	return nil
}
