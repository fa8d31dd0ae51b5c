"""Entries of the survey's part "edges"."""
