"""The encoder, and how sequences go through it."""
