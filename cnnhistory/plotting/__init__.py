"""Figures for the book. Every function returns matplotlib objects and draws nothing by itself."""
