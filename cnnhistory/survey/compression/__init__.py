"""Entries of the survey's part "compression"."""
