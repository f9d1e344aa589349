#!/usr/bin/env bash
# Installs what the tests need and runs them with the race detector.
# Usage: scripts/test.sh [go test's flags and packages]   (all packages by default)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/ensure-deps.sh

# Where the system's Node is too old, ensure-deps.sh has put one here.
if [ -x .tools/node/node_modules/.bin/node ]; then
	PATH="$PWD/.tools/node/node_modules/.bin:$PATH"
	export PATH
fi

# The tests write many small files and wait for each. In memory that takes no time.
room=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || true)
if [ -z "${TMPDIR:-}" ] && [ "${room:-0}" -gt $((4 << 20)) ]; then
	TMPDIR=$(mktemp -d /dev/shm/tagout.XXXXXX)
	trap 'rm -rf "$TMPDIR"' EXIT
	chmod 755 "$TMPDIR" # Postgres runs as another user
	cp /bin/true "$TMPDIR/true"
	if "$TMPDIR/true" 2>/dev/null; then
		export TMPDIR GOTMPDIR=${GOTMPDIR:-/tmp}
	fi
fi

# Where there is memory, the collector of garbage may wait: it took a third of the stories' time.
memory=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null || true)
if [ "${memory:-0}" -gt $((8 << 20)) ]; then
	export GOGC=${GOGC:-400}
fi

packages=(./...)
for argument in "$@"; do
	case $argument in
	. | ./* | tagout | tagout/*) packages=() ;;
	esac
done

# The embedded SQLite is C turned into Go, and the reader of YAML turns a text into a tree: the race
# detector makes both several times slower and finds nothing of ours in them.
raced=(-race '-gcflags=modernc.org/...=-race=false' '-gcflags=github.com/goccy/go-yaml/...=-race=false' -timeout 30m)

if [ "${packages[*]}" != ./... ]; then
	go test "${raced[@]}" "$@" "${packages[@]}"
	exit
fi

# The packages with the longest tests come first, and more tests run at once than there are cores,
# since some of them wait. Then come the stories, alone, since they run whole programs against each
# other's clocks, and without the race detector, which the packages that they are made of had before.
# With the tag of the binary that the stories build, its packages need not be compiled twice.
first=(./store . ./escalation ./bot ./gate ./sandbox ./internal/config ./internal/api)
mapfile -t apart < <(go list "${first[@]}" && go list ./... | grep -vxF -f <(go list "${first[@]}" ./internal/story))
{
	go test -json -vet=off -parallel 4 "${raced[@]}" "$@" "${apart[@]}" &&
		go test -json -vet=off -tags crashpoints -timeout 60m "$@" ./internal/story
} | go run ./internal/slowest
