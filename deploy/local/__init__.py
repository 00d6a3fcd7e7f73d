"""Set-up and local running: the private broker node and the processes of `make run`."""
