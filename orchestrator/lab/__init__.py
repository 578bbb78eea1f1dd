"""Looks at machines: searches, simulates, replays and draws them. No call needs it."""
