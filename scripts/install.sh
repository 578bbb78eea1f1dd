#!/usr/bin/env bash
# Build $VENV with $PYTHON and install in it, editable, what the word names. Called by the Makefile.
#
#   package       the project and what it needs: two dozen packages, enough for `orchestrator`
#   development   every extra and dependency group too: what the tests and checks need
#
# What is under way is said at least every few seconds; all that pip says is in $VENV/install.log.
set -euo pipefail

: "${PYTHON:=python3}" "${VENV:=.venv}"
WHAT="${1:?package or development}"
LOG="$VENV/install.log"
EVERY=5 # seconds between two lines where nobody watches a terminal

pip() { "$VENV/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }

# What pip is doing, in its own words; it writes on to the end of the log.
doing() {
    grep -oE '^ *(Collecting|Downloading|Building|Installing|Preparing|Getting|Using) .*' "$LOG" |
        tail -n 1 | sed -E 's/^ *//; s/[:;(].*//' | cut -c 1-60
}

# Run a command whose output goes to the log, and say that it goes on. A terminal has one line,
# rewritten twice a second; anything else a line every few seconds.
aloud() { # WORDS COMMAND...
    local words="$1" began="$SECONDS" said="$SECONDS" child
    shift
    : > "$LOG"
    printf '%s\n' "$words"
    "$@" >> "$LOG" 2>&1 &
    child=$!
    trap 'kill "$child" 2> /dev/null || true' EXIT
    while kill -0 "$child" 2> /dev/null; do
        sleep 0.5
        if [ -t 1 ]; then
            printf '\r\033[K  %s s  %s' $((SECONDS - began)) "$(doing || true)"
        elif [ $((SECONDS - said)) -ge "$EVERY" ]; then
            said="$SECONDS"
            printf '  %s s  %s\n' $((SECONDS - began)) "$(doing || true)"
        fi
    done
    if [ -t 1 ]; then printf '\r\033[K'; fi
    trap - EXIT
    if ! wait "$child"; then
        cat "$LOG" >&2
        echo "The installation failed; what pip said is above, and in $LOG." >&2
        exit 1
    fi
}

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or newer is needed; $PYTHON is $("$PYTHON" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12 ..." >&2
    exit 2
fi

if [ ! -x "$VENV/bin/python" ]; then
    echo "building $VENV with $("$PYTHON" --version)"
    "$PYTHON" -m venv "$VENV"
fi

case "$WHAT" in
package)
    aloud "installing the project in $VENV, once: about 15 seconds" pip install --editable .
    ;;
development)
    # Dependency groups are known to pip from 25.1 on; Python's own copy may be older.
    aloud "installing what the tests and checks need in $VENV, once: a minute or two" \
        pip install --upgrade "pip>=25.1"
    aloud "installing the project with every extra and group" \
        pip install --editable ".[all]" --group dev
    ;;
*)
    echo "$0 installs package or development, not $WHAT." >&2
    exit 2
    ;;
esac
