"""Entries of the survey's part "nlp"."""
