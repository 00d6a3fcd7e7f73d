"""Secrets that are shown once: what is kept of them."""

import hashlib


def digest(secret: str) -> str:
    """Unsalted and fast, as befits 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
