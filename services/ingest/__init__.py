"""Reads attachments, cuts and indexes them, and answers searches."""
