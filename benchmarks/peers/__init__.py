"""What the benchmarks compare with, re-stated as their authors run it, and what all of them measure with.

`material` makes the same data and the same encoder for everybody, `timing` runs the rivals in turn, `trainer` is
transformers' Trainer, `loops` are the loops of jiant and XTREME, `limit` is the bare matrix products.
"""
