"""Floor 2: what the numbers say. Pure functions on frames."""
