#!/usr/bin/env bash
# Install a coding agent, which tests/acceptance/test_gateway_agent.py sends to a gateway, in
# build/codex: 420 MB, so that only .ci/run calls this. What is missing is said on stderr, and ends
# it with 1.
exec bash "$(dirname "$0")/npm_packages.sh" \
    build/codex node_modules/@openai/codex/bin/codex.js "@openai/codex@^0.171"
