"""Entries of the survey's part "tracking"."""
