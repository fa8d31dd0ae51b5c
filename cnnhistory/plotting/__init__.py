"""Figures for the book.

What is a picture of its own takes the data first and `ax=None` last, and makes a figure where no
axes are given; what adds to a picture takes the axes first. Both return the axes (a grid returns
the array of its axes): `axes.figure` is the figure. Only this room imports matplotlib.

The files here hold what chapters share; `figures/<chapter>.py` what only one chapter draws.
"""
