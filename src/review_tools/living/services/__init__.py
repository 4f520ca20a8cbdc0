"""The registries and indexes the review asks. The only code here that talks to a network."""
