"""Mistakes planted in the machine, one at a time: would a test notice?"""
