"""Runs against data: model x observable x datum, which models the data exclude and why, as one
page.

runs.py       the runs of a sweep, or any finished runs, and how they differ
measure.py    what an observer would see of a run: columns, gamma rays, kappa and pressures, from
              its last snapshot
data.py       published numbers with their limits and errors
tension.py    THE criterion: when a model counts as excluded
figures.py, page.py   the report
"""
