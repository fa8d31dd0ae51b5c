from cnnhistory.cli import main

TINY = {
    "model": "lenet300_100",
    "densities": {"1": 0.03, "3": 0.1, "5": 0.5},
    "base": {"epochs": 2, "lr": 4e-3, "batch_size": 128},
    "rounds": 2,
    "prune": {"epochs": 1, "lr": 4e-3, "batch_size": 128},
    "retrain": {"epochs": 1, "lr": 4e-3, "batch_size": 128},
    "share": {"epochs": 1, "lr": 1e-3, "batch_size": 128},
    "bits": {"dense": 3},
}


def test_record_compression(tmp_path, capsys, monkeypatch):
    from cnnhistory.compression.cnnz import load
    from cnnhistory.zoo import compressed

    recipe = compressed.CompressionRecipe(
        "tiny_deep_compression",
        TINY,
        {"dense": 5},
        data_args={"scale": "small", "pad_to": 28, "val_size": 0},
        seeds=(0, 1),
    )
    monkeypatch.setitem(compressed.RECIPES, recipe.id, recipe)
    monkeypatch.setattr(compressed, "FOLDER", tmp_path / "zoo")
    command = ["record", recipe.id, "--directory", str(tmp_path / "runs")]
    assert main(command) == 0
    first = compressed.record(recipe.id)
    assert [result.seed for result in first.results] == [0, 1]
    result = first.results[0]
    assert result.test_n == 1000
    assert result.float_bytes == 4 * 266_610
    assert result.ratio > 30
    assert len(result.curve) == len(result.twin_curve) == 6
    assert result.twin_curve[-1] == ["share", result.twin_errors / 1000]
    assert result.curve[-1] == ["share", result.compressed_errors / 1000]
    assert result.base_errors == round(1000 * result.curve[1][1])
    assert sum(result.sections.values()) == result.bytes
    assert result.others["float32"] == {"bytes": 4 * 266_610, "errors": result.twin_errors}
    assert result.others["int8, gzip"]["bytes"] < result.others["int8"]["bytes"] < 300_000
    assert load(compressed.file(recipe.id)).totals() == result.sections
    # again: the finished seeds are not trained anew
    monkeypatch.setattr("cnnhistory.cli.record_compression.run", None)
    assert main(command) == 0
    assert compressed.record(recipe.id) == first
    # another recipe does not take them for its own
    other = compressed.CompressionRecipe(**{**vars(recipe), "tolerance": 9.0})
    monkeypatch.setitem(compressed.RECIPES, recipe.id, other)
    assert main(command) == 2
    assert "of another recipe; delete it" in capsys.readouterr().err
