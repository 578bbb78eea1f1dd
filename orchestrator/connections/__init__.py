"""Connections to providers: HTTP/1.1 for threads and for tasks, and an adapter for httpx.

:mod:`.reader` and :mod:`.writer` know the protocol and touch no socket; :mod:`.sockets` and
:mod:`.loops` hold connections and know nothing of a call.
"""
