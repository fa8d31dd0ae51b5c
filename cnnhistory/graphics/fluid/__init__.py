"""Incompressible flow on a staggered grid, and the network that takes the place of its solver."""
