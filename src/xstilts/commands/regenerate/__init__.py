"""An archived study again, from its score records."""
