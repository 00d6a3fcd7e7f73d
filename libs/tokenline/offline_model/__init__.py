"""The stand-in where no model is configured: OpenAI-compatible, answers from attached files by quoting them.

It is no language model and says so.
"""
