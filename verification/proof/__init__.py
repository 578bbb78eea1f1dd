"""The proof of every config up to a size, made again: no part of the wheel."""
