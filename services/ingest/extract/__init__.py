"""From a file to passages, in a process that can do nothing else.

`sandbox` asks, `nursery` forks a child for each file, the child reads (`readers`, `chunk`) and answers with `answers`.
"""
