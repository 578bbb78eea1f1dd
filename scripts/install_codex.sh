#!/usr/bin/env bash
# Install a coding agent, which tests/acceptance/test_gateway_agent.py sends to a gateway, in
# build/codex: 420 MB, so that only .ci/run calls this. What is missing is said on stderr, and ends
# it with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGE="@openai/codex@^0.171"
HOME_OF_IT="build/codex"

missing() {
    echo "$*" >&2
    exit 1
}

[ ! -e "$HOME_OF_IT/node_modules/@openai/codex/bin/codex.js" ] || exit 0
for tool in node npm; do
    command -v "$tool" > /dev/null || missing "$tool is not installed here"
done

mkdir -p build
# Beside its place and then moved there: whoever finds it, finds all of it.
beside="$(mktemp -d "$PWD/build/codex.XXXXXX")"
trap 'rm -rf "$beside"' EXIT
# No scripts of other people's packages; a node that is too old is an error, as is silence.
options=(--prefix "$beside" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts
    --engine-strict --fetch-retries=1 --fetch-timeout=30000 --loglevel=error)
if ! npm install "${options[@]}" "$PACKAGE" < /dev/null > "$beside/log" 2>&1; then
    missing "npm cannot install $PACKAGE: $(grep -m 1 -o 'E[A-Z]\{4,\}' "$beside/log" || true)"
fi
[ -e "$HOME_OF_IT" ] || mv "$beside" "$HOME_OF_IT"
