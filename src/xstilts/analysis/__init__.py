"""Does the gain follow distance? Estimates, tests among related languages, families, verdicts.

In the order of the argument: `cells` and `predictors` (the two sides), `sample` (which languages enter), `reliability`
(how much is noise), `family_null` (what families and areas do), `slope` (the test of one cell), `measure` (one cell),
`rows`, `reml`, `influence`, `pooled` (all targets of an intermediate), `families`, `specification`, `phylogeny`,
`regression` (around them), `evidence`, `verdict_rule`, `verdicts` (the rule), `pipeline` (everything, into files).
"""
