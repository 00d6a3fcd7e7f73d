"""``python -m tests.support.skewed <seconds> <module>``: runs the module with a clock that goes wrong by so much.

Only what Python code reads as the time of day is shifted, as a wrong clock of the machine would be; time spans are not.
"""

import runpy
import sys
import time


def shift(seconds: float) -> None:
    right, right_ns = time.time, time.time_ns
    time.time = lambda: right() + seconds
    time.time_ns = lambda: right_ns() + int(seconds * 1e9)


if __name__ == "__main__":
    seconds, module = float(sys.argv[1]), sys.argv[2]
    shift(seconds)
    runpy.run_module(module, run_name="__main__")
