"""Rules of the consumers, pure and synchronous."""
