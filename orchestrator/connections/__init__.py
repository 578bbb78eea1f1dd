"""Connections to providers: where one goes, whom it trusts, and how it is kept."""
