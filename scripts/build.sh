#!/usr/bin/env bash
# Builds the release binary: static, stripped, the same bytes wherever the tree lies.
# Usage: scripts/build.sh [OUTPUT]   (default bin/tagout; VERSION overrides git's answer)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output=${1:-bin/tagout}
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}

CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$output" ./cmd/tagout

if command -v readelf >/dev/null && readelf -l "$output" 2>/dev/null | grep -q INTERP; then
	echo "$output is not static: it asks for a dynamic loader" >&2
	exit 1
fi
echo "$output: $version, $(($(wc -c <"$output") / 1024 / 1024)) MB"
