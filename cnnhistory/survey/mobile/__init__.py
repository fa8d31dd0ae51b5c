"""Entries of the survey's part "mobile"."""
