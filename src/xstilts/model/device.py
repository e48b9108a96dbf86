"""Where an encoder is computed outside of a training, whose device Lightning chooses."""

import torch

from xstilts.model.settings import Runtime


def of(runtime: Runtime) -> torch.device:
    """The device that `runtime` asks for, with its number of threads set."""
    if runtime.threads:
        torch.set_num_threads(runtime.threads)
    if runtime.accelerator == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda")
