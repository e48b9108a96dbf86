"""Zero-shot predictions of one run in every language of its target."""

import argparse
from dataclasses import asdict
from pathlib import Path

from xstilts.formats import predictions, prepared, typed_yaml
from xstilts.model.settings import Runtime
from xstilts.prediction import predict
from xstilts.prediction.settings import Prediction, Retrieval


def main() -> None:
    """Write predictions/<intermediate>/<target>/seed<k>/."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("intermediate")
    parser.add_argument("target")
    parser.add_argument("seed", type=int)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("predictions"))
    arguments = parser.parse_args()
    runtime = typed_yaml.section("params.yaml", "runtime", Runtime, default=Runtime())
    seed = f"seed{arguments.seed}"
    data = arguments.data / arguments.target
    training = prepared.read_card(data).training
    if training is not None:
        checkpoint = Path("checkpoints/target", arguments.intermediate, training, seed)
        bf16 = arguments.target in typed_yaml.section("params.yaml", "prediction", Prediction).bf16
        files = predict.predict(checkpoint, training, data, runtime, bf16=bf16)
        card = predictions.card_of(checkpoint, training, {"prediction": {"bf16": True}} if bf16 else {})
    else:
        checkpoint = Path("checkpoints/intermediate", arguments.intermediate, seed)
        settings = typed_yaml.section("params.yaml", "retrieval", Retrieval)
        files = predict.retrieve(checkpoint, data, settings, runtime)
        card = predictions.card_of(checkpoint, "", {"retrieval": asdict(settings)})
    predictions.write(files, card, arguments.out / arguments.intermediate / arguments.target / seed)
    print(f"{arguments.intermediate}/{arguments.target}/{seed}: {len(files)} files")


if __name__ == "__main__":
    main()
