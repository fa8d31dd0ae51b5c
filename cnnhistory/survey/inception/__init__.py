"""Entries of the survey's part "inception"."""
