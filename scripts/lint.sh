#!/usr/bin/env bash
# Everything that judges the source without running the product.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mapfile -t sources < <(find . -name '*.go' -not -path '*/node_modules/*' -not -path './.*')
unformatted=$(gofmt -l "${sources[@]}")
if [ -n "$unformatted" ]; then
	printf 'run gofmt -w on:\n%s\n' "$unformatted" >&2
	exit 1
fi

go vet ./...
go vet -tags crashpoints ./... # the build that the crash stories run
go tool staticcheck ./...
go test -count=1 ./internal/floors/
