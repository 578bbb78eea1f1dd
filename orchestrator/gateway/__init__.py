"""The gateway: the same machine behind the APIs that agents speak, for any language."""
