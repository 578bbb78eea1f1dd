#!/usr/bin/env bash
# Install packages of npm in a folder of their own: npm_packages.sh FOLDER FILE PACKAGE…
# FILE, below FOLDER, is there once they are. What is missing is said on stderr, and ends it with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

FOLDER="$1" FILE="$2" PACKAGES=("${@:3}")

missing() {
    echo "$*" >&2
    exit 1
}

[ ! -e "$FOLDER/$FILE" ] || exit 0
for tool in node npm; do
    command -v "$tool" > /dev/null || missing "$tool is not installed here"
done

mkdir -p "$(dirname "$FOLDER")"
# Beside its place and then moved there: whoever finds it, finds all of it.
beside="$(mktemp -d "$PWD/$FOLDER.XXXXXX")"
trap 'rm -rf "$beside"' EXIT
# No scripts of other people's packages; a node that is too old is an error, as is silence.
options=(--prefix "$beside" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts
    --engine-strict --fetch-retries=1 --fetch-timeout=30000 --loglevel=error)
if ! npm install "${options[@]}" "${PACKAGES[@]}" < /dev/null > "$beside/log" 2>&1; then
    missing "npm cannot install ${PACKAGES[*]}: $(grep -m 1 -o 'E[A-Z]\{4,\}' "$beside/log" || true)"
fi
[ -e "$FOLDER" ] || mv "$beside" "$FOLDER"
