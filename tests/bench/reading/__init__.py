"""How well and how fast files are read: outcomes over many, both PDF libraries, and T14."""
