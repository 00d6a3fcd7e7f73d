"""Who is asking: accounts, sign-ins, tokens and keys, shared by gateway and dashboard."""
