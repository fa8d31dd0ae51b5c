"""Comparisons with named peers: one process, the two alternating, results checked equal first.

`python -m benchmarks NAME` runs one of them; nothing here is imported by the package or timed in
its tests.
"""
