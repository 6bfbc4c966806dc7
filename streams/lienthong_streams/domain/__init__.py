"""The deadline engine: pure and synchronous; no input, no output, no clock of its own."""
