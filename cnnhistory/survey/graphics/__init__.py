"""Entries of the survey's part "graphics"."""
