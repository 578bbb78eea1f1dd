#!/usr/bin/env bash
# Install the official clients for node, which tests/acceptance/test_gateway_node.py runs, in
# build/node_sdks. Called by that test and by .ci/run. What is missing is said on stderr, and ends
# it with 1.
exec bash "$(dirname "$0")/npm_packages.sh" \
    build/node_sdks node_modules/@anthropic-ai/sdk/package.json \
    "openai@^6.49" "@anthropic-ai/sdk@^1.14"
