"""Does the gain from English intermediate-task training follow typological distance?

The flow, in the order of `dvc.yaml` (one thin script of `pipelines/` a stage):

    prepare       a task's data in every language              tasks, origins, examples
    text          text for MLM, a part of it held out          text, origins
    pretrained    the encoder called `none` starts from        pretraining
    mixture       what one intermediate learns from            mixtures
    intermediate  encoder → English task(s), maybe MLM         training, learner, shapes
    target        encoder → English target task                the same function
    predict       zero-shot, every language                    prediction, shapes
    score         metrics → a record, mirrored in MLflow       metrics, scores
    distances     URIEL → distance from English, coverage      distances, languages
    published     numbers printed in papers → MLflow           published, scores
    overlap       token overlap with English, fertility     overlap
    gains, correlate, report                                   gains, correlation, report
"""

import atexit as _atexit
import gc as _gc

# torch, transformers, Lightning and MLflow bring some 300,000 objects that live as long as their process. Python would
# search them for rubbish again and again while they are made, and twice more at exit: a quarter of a short stage.
_gc.set_threshold(10_000)
_atexit.register(_gc.freeze)

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """`__version__` as the installer noted it; asked for only by who prints it, since the search takes time."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata

    return metadata.version(__name__)
