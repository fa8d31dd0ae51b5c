"""Entries of the survey's part "losses"."""
