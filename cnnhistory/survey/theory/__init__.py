"""Entries of the survey's part "theory"."""
