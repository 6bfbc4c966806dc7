"""Rules of the producers, pure and synchronous."""
