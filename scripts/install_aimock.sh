#!/usr/bin/env bash
# Install aimock, the misbehaving upstream of tests/acceptance/test_aimock.py, in build/aimock.
# Called by that test and by .ci/run. What is missing is said on stderr, and ends it with 1.
exec bash "$(dirname "$0")/npm_packages.sh" \
    build/aimock node_modules/@copilotkit/aimock/dist/cli.js "@copilotkit/aimock@^1.43"
