"""`xstilts …`: what `dvc repro` does not do; no stage imports it."""
