"""Running the code cells of chapters: forked from one warm process where that can be, else in plain kernels."""
