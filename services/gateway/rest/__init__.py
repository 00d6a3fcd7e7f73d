"""REST: one file per resource, paths as in the API document."""
