"""What changes in the review between two states of it, and the versions that it is released in.

``compare`` finds the changes, ``render`` writes them, ``states`` reads git revisions and released versions,
``release`` makes a version.
"""
