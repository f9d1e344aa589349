package api

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// Notes beside what a path asks for.
const (
	ownToken   = "or with the token or the signature of the source; without either only where the source has none, from this machine"
	onLoopback = "or without a token from this machine, while Tagout listens on loopback only"
	oneLink    = "whoever has the link of a page; it is theirs alone"
	byCommand  = "the right of the command"
)

// Permits says who may ask which path of this edge. It is made of the routes themselves: no
// path is served without saying here who may ask it.
func Permits() []tagout.Permit {
	return newEdge(Options{Gatherer: prometheus.NewRegistry(), Links: nobodysLinks{}, Policy: &tagout.Policy{}}.withDefaults()).permits
}

// nobodysLinks stand for those of pages, to list the paths.
type nobodysLinks struct{ Acknowledger }

// handle serves a path that looks at rights by itself, or needs none.
func (e *edge) handle(p tagout.Permit, serve http.HandlerFunc) {
	e.permits = append(e.permits, p)
	e.mux.HandleFunc(p.Thing, serve)
}

// open is a path that anybody may ask without a token.
func open(thing, note string) tagout.Permit {
	return tagout.Permit{Thing: thing, Open: true, Note: note}
}

func permitOf(thing string, right tagout.Right) tagout.Permit {
	if right == anyRight {
		return tagout.Permit{Thing: thing, Right: right, Note: byCommand}
	}
	return tagout.Permit{Thing: thing, Right: right}
}
