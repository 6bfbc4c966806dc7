"""What `lienthong status` and `lienthong doctor` look at, and what they make of it."""
