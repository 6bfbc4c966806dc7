"""The runtime of the streams: what hosts a partition processor, and how."""
