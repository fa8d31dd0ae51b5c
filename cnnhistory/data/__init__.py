"""Data sets: one file per data set, each in a small (offline) and a full (canonical) form.

Import the module of the data set that you want, for example
`from cnnhistory.data.digits import DigitsDataModule`. This file imports nothing, so that
`cnnhistory.data.scale` and `cnnhistory.data.fetch` stay usable without PyTorch.
"""
