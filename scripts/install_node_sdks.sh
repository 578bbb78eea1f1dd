#!/usr/bin/env bash
# Install the official clients for node, which tests/acceptance/test_gateway_node.py runs, in
# build/node_sdks. Called by that test and by .ci/run. What is missing is said on stderr, and ends
# it with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES=("openai@^6.49" "@anthropic-ai/sdk@^1.14")
HOME_OF_THEM="build/node_sdks"

missing() {
    echo "$*" >&2
    exit 1
}

[ ! -e "$HOME_OF_THEM/node_modules/@anthropic-ai/sdk/package.json" ] || exit 0
for tool in node npm; do
    command -v "$tool" > /dev/null || missing "$tool is not installed here"
done

mkdir -p build
# Beside its place and then moved there: whoever finds it, finds all of it.
beside="$(mktemp -d "$PWD/build/node_sdks.XXXXXX")"
trap 'rm -rf "$beside"' EXIT
# No scripts of other people's packages; a node that is too old is an error, as is silence.
options=(--prefix "$beside" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts
    --engine-strict --fetch-retries=1 --fetch-timeout=30000 --loglevel=error)
if ! npm install "${options[@]}" "${PACKAGES[@]}" < /dev/null > "$beside/log" 2>&1; then
    missing "npm cannot install ${PACKAGES[*]}: $(grep -m 1 -o 'E[A-Z]\{4,\}' "$beside/log" || true)"
fi
[ -e "$HOME_OF_THEM" ] || mv "$beside" "$HOME_OF_THEM"
