"""Zero-shot predictions of one run in every language of its target."""

import argparse
from pathlib import Path

from xstilts import experiment as params
from xstilts.prediction import predict as prediction


def main() -> None:
    """Write predictions/<intermediate>/<target>/seed<k>/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("intermediate")
    parser.add_argument("target")
    parser.add_argument("seed", type=int)
    parser.add_argument(
        "--training", help="the task whose training the target starts from; none reads the intermediate encoder"
    )
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("predictions"))
    arguments = parser.parse_args()
    settings = params.load()
    seed = f"seed{arguments.seed}"
    data = arguments.data / arguments.target
    if arguments.training:
        checkpoint = Path("checkpoints/target", arguments.intermediate, arguments.training, seed)
        bf16 = arguments.target in settings.prediction.bf16
        files = prediction.predict(checkpoint, arguments.training, data, settings.runtime, bf16=bf16)
    else:
        checkpoint = Path("checkpoints/intermediate", arguments.intermediate, seed)
        files = prediction.retrieve(checkpoint, data, settings.retrieval, settings.runtime)
    prediction.write(files, arguments.out / arguments.intermediate / arguments.target / seed)
    print(f"{arguments.intermediate}/{arguments.target}/{seed}: {len(files)} files")


if __name__ == "__main__":
    main()
