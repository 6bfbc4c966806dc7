"""Rules of the streams, pure and synchronous."""
