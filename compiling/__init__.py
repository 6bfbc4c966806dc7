"""``make compiled``: builds the pure code of the deadline engine as machine code, in a folder of its own."""
