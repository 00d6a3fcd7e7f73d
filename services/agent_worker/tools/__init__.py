"""What models may call while they write: each tool, and the steps from one call of the model to the next.

`steps.py` is the loop's memory, `calling.py` carries one call out, and each further file is a tool behind the port
`tokenline/core/ports/tool.py`.
"""
