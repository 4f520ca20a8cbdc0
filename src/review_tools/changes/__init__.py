"""What changes in the review between two states of it, and the versions that it is released in.

``state`` reads a state from a project or a snapshot, ``compare`` finds the changes and the chapters to read again,
``render`` writes them, ``bounds`` says what a change may not do, ``release`` makes a version.
"""
