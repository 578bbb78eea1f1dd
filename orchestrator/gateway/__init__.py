"""The gateway: calls of the machine, served over HTTP to clients of any language."""
