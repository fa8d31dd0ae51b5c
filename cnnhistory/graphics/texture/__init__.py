"""Textures made from an example: matched statistics of features, and quilted patches."""
