#!/bin/sh
# Checks an exported incident without Tagout. Needs sha256sum and jq. Exits 0 if all is well.
#
#   sh verify.sh [HEAD]     HEAD: a hash that was published before, such as on the card in Slack
#
# The hash of an event is the SHA-256 of these eight lines, each ended by a line feed:
# tagout-event-1, hash of the event before (empty for the first), incident, number, time,
# actor, kind, data.
set -eu
cd "$(dirname "$0")"

fail() { echo "NOT AS IT WAS WRITTEN: $*" >&2; exit 1; }

sha256sum --check --quiet SHA256SUMS || fail "a file was changed since it was packed"

hashed='"tagout-event-1\n", .prev, "\n", .incident, "\n", (.seq | tostring), "\n", .at, "\n", .actor, "\n", .kind, "\n", .data, "\n"'
previous=
number=0
published=${1:-}
while IFS= read -r event; do
	number=$((number + 1))
	sum=$(printf '%s\n' "$event" | jq -j "$hashed" | sha256sum | cut -d ' ' -f 1)
	told=$(printf '%s\n' "$event" | jq -r '[.hash, .prev, (.seq | tostring)] | join(" ")')
	[ "$told" = "$sum $previous $number" ] || fail "event $number"
	previous=$sum
	[ "$sum" != "$published" ] || published=
done <timeline.jsonl
[ -z "$published" ] || fail "no event has the published hash $published"
[ "$previous" = "$(jq -r .head.hash verification.json)" ] || fail "the timeline does not end at its recorded head"

# What was signed: the text of each request and each submitted review has the digest that the
# timeline names.
for digest in $(jq -r 'select(.kind == "resume.requested" or .kind == "review.submitted") | .data | fromjson | .digest' timeline.jsonl); do
	[ -f "decisions/$digest.json" ] || fail "the text with digest $digest is missing"
	[ "$(sha256sum <"decisions/$digest.json" | cut -d ' ' -f 1)" = "$digest" ] || fail "the text with digest $digest"
done

# Evidence: each file has the hash that it is named by, unless it says that it was redacted.
for sum in $(jq -r '.[] | select(.redacted == null) | .sha256' evidence.json); do
	[ "$(sha256sum <"evidence/$sum" | cut -d ' ' -f 1)" = "$sum" ] || fail "the evidence $sum"
done

echo "ok: $number events, head $previous"
