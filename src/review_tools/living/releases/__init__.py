"""Versions of the review: their numbers, their snapshots, and how one is made."""
