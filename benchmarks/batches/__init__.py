"""Parts of the programs that measure batches: misbehaving providers, and what is true of a run."""
