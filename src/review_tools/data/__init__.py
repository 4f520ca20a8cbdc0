"""The data: reads and writes tables, bibliography and protocol; imports from no other folder of the package."""
