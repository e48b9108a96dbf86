"""Learn one task or a mixture: one function for pretraining, intermediate and target training."""
