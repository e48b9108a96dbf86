"""What one stage writes and the next reads; no torch, no MLflow, no network."""
