"""Every language of a target in one pass."""
