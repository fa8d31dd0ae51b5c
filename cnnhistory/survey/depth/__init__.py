"""Entries of the survey's part "depth"."""
