"""Searching the sources since the last logged search: page by page, to be interrupted and gone on with."""
