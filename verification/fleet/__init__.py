"""Faults planted in a fleet's board, and the hunt that must find each."""
