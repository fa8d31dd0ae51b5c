"""Layers that may be computed as one: which they are, and a convolution with its activation."""
