"""The gateway: calls of the machine, behind the APIs that agents speak.

It decides nothing: it reads a request, runs a call, and writes the answer. :mod:`.app` is the
application, :mod:`.server` the process around it.
"""
