"""Floor 3: what a reader sees. Charts and tables as objects; nothing is written here."""
