"""Layers that read parts of a map: pyramids of cells, boxes, and samples far apart."""
