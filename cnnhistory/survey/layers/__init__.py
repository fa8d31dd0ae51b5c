"""Entries of the survey's part "layers"."""
