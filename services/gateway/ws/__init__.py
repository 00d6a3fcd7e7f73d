"""The chat sockets."""
