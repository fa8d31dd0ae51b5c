"""Entries of the survey's part "pooling"."""
