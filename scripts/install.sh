#!/usr/bin/env bash
# Build $VENV with $PYTHON and install the project in it: editable, with every
# extra and dependency group. Called by the Makefile.
set -euo pipefail

: "${PYTHON:=python3}" "${VENV:=.venv}"

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or newer is needed; $PYTHON is $("$PYTHON" --version 2>&1)." >&2
    echo "Name another one: make PYTHON=python3.12 ..." >&2
    exit 2
fi

if [ ! -x "$VENV/bin/python" ]; then
    echo "building $VENV with $("$PYTHON" --version)"
    "$PYTHON" -m venv "$VENV"
fi

echo "installing the project in $VENV (once, and when pyproject.toml changes)"
# Quiet twice: what matters here is an error.
pip=("$VENV/bin/python" -m pip --quiet --quiet --disable-pip-version-check)
# Dependency groups are known to pip from 25.1 on; Python's own copy may be older.
"${pip[@]}" install --upgrade "pip>=25.1"
"${pip[@]}" install --editable ".[all]" --group dev
