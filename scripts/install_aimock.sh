#!/usr/bin/env bash
# Install aimock, the misbehaving upstream of tests/acceptance/test_aimock.py, in build/aimock.
# Called by that test and by .ci/run. What is missing is said on stderr, and ends it with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGE="@copilotkit/aimock@^1.43"
HOME_OF_IT="build/aimock"

missing() {
    echo "$*" >&2
    exit 1
}

[ ! -e "$HOME_OF_IT/node_modules/@copilotkit/aimock/dist/cli.js" ] || exit 0
for tool in node npm; do
    command -v "$tool" > /dev/null || missing "$tool is not installed here"
done

mkdir -p build
# Beside its place and then moved there: whoever finds it, finds all of it.
beside="$(mktemp -d "$PWD/build/aimock.XXXXXX")"
trap 'rm -rf "$beside"' EXIT
# No scripts of other people's packages; a node that is too old is an error, as is silence.
options=(--prefix "$beside" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts
    --engine-strict --fetch-retries=1 --fetch-timeout=30000 --loglevel=error)
if ! npm install "${options[@]}" "$PACKAGE" < /dev/null > "$beside/log" 2>&1; then
    missing "npm cannot install $PACKAGE: $(grep -m 1 -o 'E[A-Z]\{4,\}' "$beside/log" || true)"
fi
[ -e "$HOME_OF_IT" ] || mv "$beside" "$HOME_OF_IT"
