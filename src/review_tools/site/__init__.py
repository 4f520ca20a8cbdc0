"""The site: steps that Sphinx takes, and drawings of what the chapters return."""
