"""Entries of the survey's part "residual"."""
