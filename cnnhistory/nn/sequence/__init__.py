"""Layers of networks that turn one sequence into another."""
