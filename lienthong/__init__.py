"""Liên thông: the event bus of one-stop public services, its SDK and its command line."""

__version__ = "0.1.0"
