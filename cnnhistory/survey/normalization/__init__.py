"""Entries of the survey's part "normalization"."""
