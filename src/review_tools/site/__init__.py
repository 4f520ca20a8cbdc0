"""Floor 4: the site. Hooks into Sphinx; draws what the chapters return."""
