"""Searching for architectures: the space of cells, the controller, its training, the children."""
