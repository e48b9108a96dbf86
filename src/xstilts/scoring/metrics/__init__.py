"""XTREME's metrics: pure functions of numpy and the standard library, in points (0 to 100).

Each states the rule that google-research/xtreme @ 838c13b (the last commit, 2022-11-03) applies when it is run,
which is not always what its paper says: UDPOS is a chunk F1, XQuAD and TyDiQA use the English normaliser in every
language, Tatoeba runs from English. Scoring imports this package; nothing that trains or predicts does.
"""

from xstilts.scoring.metrics import bitext, classification, normalisers, spans, tags

__all__ = ["bitext", "classification", "normalisers", "spans", "tags"]
