"""The demo: the whole bus on one machine, a real log of the past and a small simulated province."""
