"""Does the gain follow distance? Estimates, family-aware tests, families, verdicts.

In the order of the argument: `estimates` (textbook coefficients), `null` (what families do), `slope` (the test of one
cell), `cells` and `predictors` (the two sides), `measure` (one cell), `pooled` (all targets of an intermediate),
`families`, `specification`, `regression` (around them), `verdicts` (the rule), `study` (everything, into files).
"""
