"""Records made up for the tests of the zoo."""

import hashlib

from cnnhistory.zoo.format import Artifact, Provenance, Record, SeedResult
from cnnhistory.zoo.plain import as_plain
from cnnhistory.zoo.recipes import recipe


def seed_result(seed=0, errors=7, content=None, **changes):
    artifacts = {}
    if content is not None:
        name = f"lenet5_mnist-seed{seed}.safetensors"
        digest = hashlib.sha256(content).hexdigest()
        artifacts = {"weights": Artifact(name, digest, len(content), "float16")}
    fields = {
        "metrics": {"test_error": errors / 1000, "train_error": 0.001},
        "counts": {"test_error": (errors, 1000)},
        "history": [{"epoch": 0, "seconds": 1.5, "test_error": 0.02}],
        "curves": {"accepted_error": [0.007, 0.006]},
        "artifacts": artifacts,
        "seconds": 1.5,
    }
    return SeedResult(seed, **{**fields, **changes})


def made_record(*results, id="lenet5_mnist"):
    origin = Provenance({"torch": "2"}, {"processor": "x"}, f"cnnhistory record {id}")
    return Record(id, as_plain(recipe(id)), {"name": "x", "content_hash": "0"}, results, (origin,))
