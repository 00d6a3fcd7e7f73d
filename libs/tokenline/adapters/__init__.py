"""Drivers: each implements one port of `tokenline.core.ports` on one engine."""
