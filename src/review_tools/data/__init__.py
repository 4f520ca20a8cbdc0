"""Floor 1: what is known. Loads, describes and checks the data; knows nothing above it."""
