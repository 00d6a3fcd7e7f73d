"""Decisions: pure functions and values, no I/O, no clock of their own."""
