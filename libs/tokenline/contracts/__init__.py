"""Shapes that cross a process boundary, each declared once. Nothing here decides anything."""
