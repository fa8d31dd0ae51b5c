"""Entries of the survey's part "detection"."""
