"""Entries of the survey's part "activations"."""
