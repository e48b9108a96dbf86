"""`xstilts analyse SCORES.csv --out DIR`: the gain-versus-distance analysis for anybody's scores, without training."""

from xstilts.commands.analyse.command import configure, run

__all__ = ["configure", "run"]
