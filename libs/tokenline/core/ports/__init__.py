"""What the decisions need from the world, as small Protocols. Every implementation passes the contract suite."""
