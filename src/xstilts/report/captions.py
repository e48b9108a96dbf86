"""What each chart shows, and what the three verdicts mean: the words of the page, apart from its structure."""

# Chart → its title and how to read it.
CHARTS = {
    "heatmap": (
        "Slope of gain on distance, intermediates by targets",
        "Each cell is the tested slope, in standard deviations of the gain per standard deviation of distance, with n "
        "below. Orange: the gain is smaller far from English; blue: "
        "larger. Grey: not judged, because there are too few languages or no intermediate is better than "
        "chance. Framed: q < 0.05 over the grid. Select a cell to see it in the charts below.",
    ),
    "scatter": (
        "Gain against distance",
        "One mark per language; bars are ± one standard error over seeds. Solid line: least squares through the "
        "languages that enter; dashed: without Indo-European; no line with fewer than ten languages. Hollow: shown but "
        "not in the slope (English; languages whose distance rests on too few features, or at the floor or ceiling). "
        "Scales differ between "
        "panels.",
    ),
    "forest": (
        "How sure each slope is",
        "Squares: the slope that is tested; bars: its 95 % interval, from the same distribution as its p; diamonds: "
        "the pooled model. Grey band: too small to be detected with 80 % power. Hatched: beyond the noise ceiling, the "
        "largest slope that noise leaves possible. Hollow: no test. A large grid shows the chosen row or column.",
    ),
    "gains": (
        "Gains by language, nearest family first",
        "Families by their mean distance from English, languages by theirs (printed beside the code). Bars: ± one "
        "standard error over seeds.",
    ),
    "lofo": (
        "Without one family at a time",
        "Each mark is the estimate when the family of that colour and shape is left out; the vertical stroke is the "
        "estimate with every family. A result that one family carries shows as one mark far from the others.",
    ),
    "specification": (
        "Specification curve",
        "Every combination of outcome, distance, covariates, languages and method, sorted by its estimate; the orange "
        "dot is the primary one. Intervals of correlations are Fisher's and naive; those of the regressions on the "
        "family tree (phylogeny) and with areas are Student's.",
    ),
    "families": (
        "Families",
        "Marks: family means shrunken towards the overall mean, with 95 % intervals; strokes: plain means; nearest "
        "family first. The smallest p that Indo-European against the rest can give is one over the number of families.",
    ),
}

PLAIN = "Do languages gain less from extra training on an English task, the more their grammar differs from English?"
BEST = "Shown is the study in natural languages that can tell most: most languages first, then the narrowest interval."
OPENING = (
    "One mark a language: its mean gain over targets, each target moved to the same mean. Line: the model over all "
    "targets, adjusted for pretraining size and script; band: its 95 % interval, which allows for related languages."
)
AXIS_DISTANCE = "grammatical distance from English (0: the same features, 1: none in common)"
AXIS_DISTANCE_SHORT = "grammatical distance from English (0 to 1)"
AXIS_GAIN = "gain (points)"
AXIS_CHANGE = "gain in {far} minus gain in {near} (points)"
AXIS_CHANGE_SHORT = "change of the gain (points)"
STUDIES = (
    "How much the gain changes from {near}, near English, to {far}, far from it, as the slope of each study says. "
    "Squares: estimate; bars: 95 % interval, which allows for related languages. Left of zero: distant languages gain "
    "less. Select a name for the study's details."
)
HATCHED = "Hatched, with a hollow square: artificial languages, no evidence about natural ones."
STUDIES_SOURCE = "Encoder, data, seeds and source of each study stand under its own figures."
VERDICTS = {
    "supported": "On every scale (points, error reduction, log-odds) the slope points the same way; one shows it and "
    "the others confirm it, corrected for the number of tests; neither a family nor a language carries it, and at "
    "least three of four distances agree.",
    "practically absent": "On every scale the 90 % intervals of the slope, of the slopes within and between families "
    "and of the bend lie inside ± the smallest slope of interest on the scale of true gains, with known reliability.",
    "inconclusive": "Neither: the data cannot tell. With few languages this is the expected verdict.",
}

COVERAGE = (
    "A distance is computed on the features that both languages have. Where too few are known it is marked and not "
    "used, never filled in. Numbers in the cells are features known of the language; hatched: the distance is not used."
)
CLAIMS = "What Phang et al. (2020) report beside what this pipeline measured with its own encoder and data."
OWN_ENCODER = (
    "The encoder here is not XLM-R Large: a difference in size says nothing about the paper, a difference in sign may."
)
DISTANCES_SOURCE = (
    "Data: URIEL through lang2vec (Littell et al. 2017) and Grambank; no encoder and no seed enters here."
)
METHODS = (
    "English is the training language: it is shown and never correlated. Gains are paired by seed. A claim needs every "
    "scale, points, relative error reduction and log-odds, because a gain in points follows the room that is left. "
    "Languages are not independent draws: p and intervals come from a model with family, genus and area variance, and "
    "p values that ignore this are labelled naive. The study is one test at .05, its intermediates and its pairs are "
    "corrected among themselves; a study can be supported where no pair is, since it pools them, and the reverse. "
    "Typological data: URIEL through lang2vec (Littell et al. 2017), "
    "CC BY-SA 4.0."
)
TABLES = (
    "Changes against the same target without an intermediate task, in XTREME's form: the mean over languages, English "
    "included, then over metrics."
)
PRINTED = (
    "XLM-R Large, development sets, one run each, as printed in the draft of 2020-05-26; the final paper's tables "
    "could not be read. F1 and exact match are averaged first."
)
SUMMARY = (
    "*supported*: corrected p below .05 on every scale, and stable; *practically absent*: slopes and bend of the size "
    "of interest are ruled out on the scale of true gains; *inconclusive*: the data cannot tell. Slopes are "
    "standardised, intervals 95 % and family-aware. Charts, tables, methods and versions: `reports/index.html`."
)
