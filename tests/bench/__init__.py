"""Measurements against TARGETS: ratios in one run on one machine, medians of several runs, never part of a test."""
