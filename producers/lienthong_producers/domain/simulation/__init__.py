"""A simulated province: cases of every kind as offices hand them in, and their way to the bus. Pure and seeded."""
