"""A transport that makes an existing client fail over, with one line changed.

::

    http_client = httpx2.Client(transport=orchestrator.transport())
    client = OpenAI(http_client=http_client, max_retries=0)

Whatever the client sends in a dialect that is known here (chat completions, responses,
Messages, Gemini) runs as a call of the machine: ``model`` names a route or
``provider/model``. The answer comes back in the client's own dialect, streamed or not. A
failed call is an HTTP error with the real cause, which the client raises in its own way.

The rules of the room: ``parse`` reads a client's request, ``respond`` and ``body_streams``
write its reply, and neither knows an HTTP library; ``httpx_compat`` alone knows that there are
two, and imports neither: the request that comes in says whose it is.
"""
