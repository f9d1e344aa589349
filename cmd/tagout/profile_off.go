//go:build !profiling

package main

// profileOnSignal does nothing: only a build with the tag "profiling", such as
// `go run ./internal/bench -profile DIR` makes, writes profiles of itself.
func profileOnSignal() {}
