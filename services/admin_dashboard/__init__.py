"""The line and the pools as an administrator sees them."""
