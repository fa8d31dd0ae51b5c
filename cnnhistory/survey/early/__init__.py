"""Entries of the survey's part "early"."""
