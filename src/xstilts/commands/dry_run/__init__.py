"""What the grid in params.yaml takes: steps, hours, disk."""
