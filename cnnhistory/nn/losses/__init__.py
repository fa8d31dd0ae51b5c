"""Losses, one system a file: what torch does not have, and what is written out to be read."""
