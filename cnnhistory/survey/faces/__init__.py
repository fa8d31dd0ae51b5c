"""Entries of the survey's part "faces"."""
