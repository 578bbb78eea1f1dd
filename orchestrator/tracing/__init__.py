"""Traces: OpenTelemetry's spans of calls and of their attempts.

The rules of the room: it knows OpenTelemetry's API alone, never the SDK, and is imported where
that API is in use already, but for :mod:`.activation`, which looks whether it is. A call is seen
by what its ledger says, as any observer sees it, so that there is one way for threads, tasks,
streams and whatever a pump may be. What goes wrong here costs no call anything: it is told once.

Nothing of a request or an answer is in a span, no header and no secret: what stands in the ledger
may stand here, and the provider's own words are masked there already.
"""
