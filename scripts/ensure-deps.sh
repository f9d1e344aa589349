#!/usr/bin/env bash
# Installs what the tests need beside Go and gcc: Postgres, Chromium with a font,
# Prometheus and Alertmanager, curl, jq and unzip, and Node with the packages of the OpenFeature test.
#
# What is there is left alone. What is missing is installed by apt-get, as root or
# with a sudo that asks no password; no service is started. Where that is not
# possible, the script says what to install and ends well: the tests that need it are
# skipped then, or fail where CI=true. TAGOUT_NO_INSTALL=1 only looks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly node_wanted=20     # the oldest major version that the OpenFeature SDK accepts
readonly node_fetched=22    # the one to fetch where the system's is older
readonly node_home=.tools/node
readonly openfeature=internal/story/openfeature

say() { printf 'ensure-deps: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
installing() { [ "${TAGOUT_NO_INSTALL:-}" != 1 ]; }

have_postgres() {
	local initdb
	for initdb in /usr/lib/postgresql/*/bin/initdb; do
		[ -x "$initdb" ] && [ -x "${initdb%initdb}postgres" ] && return
	done
	have initdb && have postgres
}

have_chromium() {
	have "${CHROME:-chromium}" || have chromium-browser || have google-chrome || have google-chrome-stable
}

have_prometheus() { have prometheus && have promtool; }
have_alertmanager() { { have prometheus-alertmanager || have alertmanager; } && have amtool; }

have_font() {
	[ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || { have fc-list && [ -n "$(fc-list :family='DejaVu Sans')" ]; }
}

node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }
have_node() { [ "$(node_major || true)" -ge "$node_wanted" ] 2>/dev/null; }

missing_packages() {
	have_postgres || echo postgresql
	have_chromium || echo chromium
	have_prometheus || echo prometheus
	have_alertmanager || echo prometheus-alertmanager
	have_font || echo fonts-dejavu-core
	have curl || echo curl
	have jq || echo jq
	have unzip || echo unzip
	have node || echo nodejs
	have npm || echo npm
}

# as_root runs a command as root, and fails where that would need a password.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

can_install() {
	installing && have apt-get && { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }
}

# A policy that is already there belongs to the machine; ours lives as long as the script.
readonly policy=/usr/sbin/policy-rc.d
policy_is_ours=
drop_policy() {
	if [ -n "$policy_is_ours" ]; then
		as_root rm -f "$policy"
	fi
}
trap drop_policy EXIT

forbid_services() {
	[ -e "$policy" ] && return
	policy_is_ours=1
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
		apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@"
}

# apt_install installs packages, with fresh lists if the present ones do not do.
apt_install() {
	local log
	log=$(mktemp)
	forbid_services
	if apt install -y --no-install-recommends "$@" >"$log" 2>&1 ||
		{ apt update >"$log" 2>&1 && apt install -y --no-install-recommends "$@" >>"$log" 2>&1; }; then
		rm -f "$log"
		return 0
	fi
	tail -n 20 "$log" >&2
	rm -f "$log"
	return 1
}

install_packages() {
	local missing
	mapfile -t missing < <(missing_packages)
	[ ${#missing[@]} = 0 ] && return
	if can_install; then
		say "installing ${missing[*]} (no service is started)"
		apt_install "${missing[@]}" && return
	fi
	say "please install: sudo apt-get install -y --no-install-recommends ${missing[*]}"
}

# Debian 12 ships Node 18; npm can fetch a newer one into this tree.
install_node() {
	if [ -x "$node_home/node_modules/.bin/node" ]; then
		PATH="$PWD/$node_home/node_modules/.bin:$PATH"
	fi
	have_node && return
	if installing && have npm; then
		say "fetching Node $node_fetched, as $(node --version 2>/dev/null || echo none) is too old"
		if npm install --prefix "$node_home" --no-save --no-audit --no-fund --silent "node@$node_fetched"; then
			PATH="$PWD/$node_home/node_modules/.bin:$PATH"
			have_node && return
		fi
	fi
	say "please install Node $node_wanted or newer, with npm"
}

install_openfeature() {
	[ -e "$openfeature/package.json" ] || return 0
	local stamp="$openfeature/node_modules/.package-lock.json"
	if [ -e "$stamp" ] && ! [ "$openfeature/package-lock.json" -nt "$stamp" ]; then
		return
	fi
	if installing && have_node && have npm; then
		say "fetching the OpenFeature SDK"
		(cd "$openfeature" && npm ci --no-audit --no-fund --silent) && touch "$stamp" && return
	fi
	say "please run: (cd $openfeature && npm ci)"
}

install_packages
install_node
install_openfeature
