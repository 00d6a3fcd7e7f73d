"""Gateways and workers as objects in the test's own event loop: the product's real parts, put together as their own
`__main__` does, on whatever store and broker the test gives them, and stepped by the test instead of by timers.

`Gateway` and `Worker` are processes that can be killed; `Puppet` is the model; `Fuse` and `Shaky` stand between a
process and its neighbours; `watch` has the SQLite file itself keep an eye on what must never be written.
"""
