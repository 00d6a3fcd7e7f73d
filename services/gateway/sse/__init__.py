"""Server-sent events, for clients that cannot hold a socket."""
