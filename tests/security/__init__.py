"""What somebody with bad intent may try, over every route that the served documents name (I6, B1 to B5, B10, B15)."""
