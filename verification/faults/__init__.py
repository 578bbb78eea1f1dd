"""Mistakes planted in ``states/``, one at a time: does the model checker name them?"""
