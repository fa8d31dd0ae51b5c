"""Entries of the survey's part "imagenet"."""
