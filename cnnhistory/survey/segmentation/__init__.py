"""Entries of the survey's part "segmentation"."""
