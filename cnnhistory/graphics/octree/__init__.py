"""Octrees of surfaces, and convolutional networks on them, in plain PyTorch."""
