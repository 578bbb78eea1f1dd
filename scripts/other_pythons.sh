#!/usr/bin/env bash
# Run a quick part of the tests on other Pythons that the project promises: on those that are named,
# or on each that the machine has. Called by .ci/run. One that is missing is said aloud and is no
# failure. The virtual environment of the project must be there: its pip installs for the others.
set -euo pipefail
cd "$(dirname "$0")/.."

# What differs between Pythons: event loops, interrupts, sockets, locks, enums and typing.
QUICK=(
    tests/states
    tests/orchestrator/api
    tests/orchestrator/connections
    tests/orchestrator/health/stores/test_file_store.py
    tests/orchestrator/execution/test_agreement.py
    tests/orchestrator/execution/test_interruptions.py
    tests/orchestrator/execution/test_streams.py
    tests/orchestrator/execution/test_transports.py
)
JOBS="${JOBS:-2}"

interpreter() { # VERSION: the path of a Python of that version that works, if there is one
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        if "$candidate" -c 'import sys, ssl' > /dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

[ "$#" -gt 0 ] || set -- 3.12 3.13
for version in "$@"; do
    python="$(interpreter "$version")"
    if [ -z "$python" ]; then
        printf '!! NOT CHECKED on Python %s: not installed here.\n' "$version"
        continue
    fi
    home="build/python-$version"
    if [ ! "$home/.installed" -nt pyproject.toml ]; then
        # No pip of its own, and nothing compiled that no test imports: 15 s of CPU in place of 36.
        "$python" -m venv --without-pip "$home"
        .venv/bin/python -m pip --python "$home/bin/python" --quiet --quiet \
            --disable-pip-version-check install --no-compile --editable ".[all]" --group test
        touch "$home/.installed"
    fi
    "$home/bin/python" -m pytest --quiet --numprocesses "$JOBS" --dist worksteal \
        -p no:cacheprovider -m "not hypothesis and not slow and not nightly" "${QUICK[@]}"
    printf 'passed on Python %s\n' "$version"
done
