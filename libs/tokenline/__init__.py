"""Tokenline: the line in front of scarce AI capacity."""
