"""Entries of the survey's part "optimizers"."""
