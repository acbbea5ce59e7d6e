#!/usr/bin/env bash
# Passes every test of the everyday and the pull-request tier, and installs what they need (Debian or Ubuntu).
#
#   ./test.sh            everything, in the order in which failures are cheapest to find
#   ./test.sh lint       formatting, clippy, that the fuzzers compile, dependencies, documentation
#   ./test.sh unit       unit, conformance and property tests
#   ./test.sh e2e        the real binary with real clients, origins and crashes
#   ./test.sh suites [NAME…]    third-party suites, apart from all the others (see tests/suites/run)
#
# CRASH_ROUNDS=1000 runs the long crash test.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

debian_packages() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    step "installing ${missing[*]}"
    command -v apt-get >/dev/null || { echo "error: please install: ${missing[*]}" >&2; exit 1; }
    # Tests start their own servers; the packages must not start theirs.
    as_root env DEBIAN_FRONTEND=noninteractive sh -c "
        apt-get update -qq
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
        apt-get install -y -qq --no-install-recommends ${missing[*]} >/dev/null; status=\$?
        rm -f /usr/sbin/policy-rc.d; exit \$status"
}

cargo_tool() { # PROGRAM CRATE VERSION
    command -v "$1" >/dev/null && return
    step "installing $2 $3"
    cargo install --quiet --locked "$2" --version "$3"
}

python_clients() {
    local wanted=tests/clients/requirements.txt stamp=.venv/.installed
    if ! cmp -s "$wanted" "$stamp" 2>/dev/null; then
        step "installing Python clients"
        python3 -m venv .venv
        .venv/bin/pip install --quiet --disable-pip-version-check -r "$wanted"
        cp "$wanted" "$stamp"
    fi
}

# What tests whether pages are accessible.
axe() {
    local wanted=4.14.1
    grep -qs "\"version\": \"$wanted\"" .npm/node_modules/axe-core/package.json && return
    command -v npm >/dev/null || debian_packages npm
    step "installing axe-core $wanted"
    npm install --silent --no-fund --no-audit --prefix .npm "axe-core@$wanted"
}

lint() {
    cargo_tool cargo-deny cargo-deny '^0.20'
    step formatting && cargo fmt --all -- --check
    # With what only the fuzzers of fuzz/ see, which nothing else here builds.
    step clippy && cargo clippy --workspace --all-targets \
        --features headwater-egress/fuzzing,headwater-engine/fuzzing,headwater-server/fuzzing -- -D warnings
    # The fuzzers are run by hand, but must not cease to compile.
    debian_packages g++
    step fuzzers && cargo check --quiet --manifest-path fuzz/Cargo.toml --target-dir target/fuzz
    step dependencies && cargo deny --log-level error check bans licenses sources
    step documentation && RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet
}

unit() {
    cargo_tool cargo-nextest cargo-nextest '^0.9'
    step 'unit, conformance and property tests' && cargo nextest run --workspace
    step doctests && cargo test --workspace --doc --quiet
}

e2e() {
    # Tests about addresses run in network namespaces, which unshare (util-linux) makes and ip and mount furnish.
    debian_packages nginx-light libnginx-mod-stream rclone curl python3-venv iproute2 util-linux mount \
        chromium chromium-driver tmux
    cargo_tool cargo-nextest cargo-nextest '^0.9'
    python_clients
    axe
    step 'end to end' && cargo nextest run --profile e2e -p headwater-cli
}

sizes() {
    step sizes
    local long crates
    echo 'longest files (600 lines is the end):'
    git ls-files '*.rs' | xargs wc -l | grep -v ' total$' | sort -rn | sed -n 1,5p
    long=$(git ls-files '*.rs' | xargs wc -l | awk '$2 != "total" && $1 > 600' | wc -l)
    crates=$(cargo tree -e normal -p headwater-cli --prefix none --no-dedupe | awk '{ print $1, $2 }' | sort -u | wc -l)
    echo "crates in the normal tree: $crates (230 is the end)"
    if [ "$long" -gt 0 ] || [ "$crates" -gt 230 ]; then
        echo 'error: beyond a limit of CONTRIBUTING.md' >&2
        exit 1
    fi
}

suites() {
    debian_packages python3-venv iproute2 util-linux
    tests/suites/run "$@"
}

case "${1:-all}" in
    lint) lint; sizes ;;
    unit) unit ;;
    e2e) e2e ;;
    suites) shift; suites "$@" ;;
    all) lint; sizes; unit; e2e ;;
    *) echo "usage: ./test.sh [lint|unit|e2e|suites [NAME…]]" >&2; exit 2 ;;
esac
step passed
