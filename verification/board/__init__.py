"""The health board, searched: a few processes over one store, every interleaving to a depth."""
