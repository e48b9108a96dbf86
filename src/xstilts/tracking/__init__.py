"""What tells of a run and never decides it: records, MLflow, times, hardware."""
