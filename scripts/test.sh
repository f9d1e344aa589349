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

packages=(./...)
for argument in "$@"; do
	case $argument in
	. | ./* | tagout | tagout/*) packages=() ;;
	esac
done

# The embedded SQLite is C turned into Go: the race detector makes it several times slower
# and finds nothing of ours in it.
raced=(-race '-gcflags=modernc.org/...=-race=false' -timeout 30m)

if [ "${packages[*]}" != ./... ]; then
	go test "${raced[@]}" "$@" "${packages[@]}"
	exit
fi

# The stories run whole programs against each other's clocks. They come last, alone and
# without the race detector, which the packages that they are made of had before.
mapfile -t apart < <(go list ./... | grep -v '/internal/story$')
{
	go test -json "${raced[@]}" "$@" "${apart[@]}" &&
		go test -json -timeout 60m "$@" ./internal/story
} | go run ./internal/slowest
