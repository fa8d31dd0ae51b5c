"""Entries of the survey's part "enhancement"."""
