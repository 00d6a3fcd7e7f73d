"""`make bench-peers`: other ways to put a model in front of people, at the same work in the same run."""
