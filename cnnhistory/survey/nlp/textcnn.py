"""TextCNN, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="textcnn",
    name="TextCNN",
    year=2014,
    era="nlp",
    task="sentence classification",
    paper="kim2014convolutional",
    figures=tuple(
        Figure(f"accuracy on {data}, random vectors", value, "%", 1.5, "Table 2", "textcnn")
        for data, value in (
            ("MR", 76.1),
            ("SST-1", 45.0),
            ("SST-2", 82.7),
            ("Subj", 89.6),
            ("TREC", 91.2),
            ("CR", 79.8),
            ("MPQA", 83.4),
        )
    ),
    deviations=(
        "zeros around a sentence and initial weights as in the authors' code; the paper is silent",
        "epochs are chosen once for all folds, where the paper stops each on its own validation "
        "part; sentences with the same words lie in one fold; of the treebank sentences alone are "
        "learned, not their phrases",
    ),
    chapter="nlp/textcnn",
    models=("textcnn",),
    digest="textcnn",
)


@decided(
    "textcnn.c1",
    text="A kernel is as wide as a word vector, and the maximum over all places leaves one number "
    "of each kernel.",
    check="exp",
    verdict="correct",
    truth="As stated: kernels of 3, 4 and 5 words by 300 numbers; 300 kernels leave 300 numbers, "
    "whether a sentence has 1 word or 50.",
    source="kim2014convolutional, Section 2",
)
def c1() -> Finding:
    import torch

    from cnnhistory.models.textcnn import DIM, FILTERS, textcnn

    lengths = (1, 50)
    with torch.device("meta"):
        network = textcnn()
        wide = {conv.weight.shape[1] for conv in network.convs}  # type: ignore[index]
        left = []
        for length in lengths:
            tokens = torch.empty(1, length, dtype=torch.long)
            left.append(network.strongest(tokens)[0].shape[1])
    kernels = sum(row.maps for row in FILTERS)
    first, second, third = (row.window for row in FILTERS)
    right = wide == {DIM} and set(left) == {kernels}
    return Finding(
        "correct" if right else "wrong",
        f"widths {sorted(wide)}, numbers of sentences of {lengths} words: {left}",
        (
            f"kernels of {first}, {second} and {third} words by {max(wide)} numbers",
            f"{kernels} kernels leave {left[0]} numbers, whether a sentence has {lengths[0]} word "
            f"or {lengths[1]}",
        ),
    )


@decided(
    "textcnn.c2",
    text="The class is told from the concatenated numbers alone.",
    check="exp",
    verdict="correct",
    truth="As stated: a sentence that stands twice, with a gap as wide as a kernel, has the same "
    "numbers and the same scores. With the numbers of another sentence in their place the scores "
    "are those of the other.",
    source="kim2014convolutional, Section 2",
)
def c2() -> Finding:
    import torch

    from cnnhistory.models.textcnn import textcnn

    torch.manual_seed(0)
    network = textcnn(50, dim=8, filters=[[3, 6], [4, 6], [5, 6]]).double().eval()
    for weights in network.parameters():
        torch.nn.init.normal_(weights)
    with torch.no_grad():
        first, second = torch.randint(2, 50, (2, 1, 9)).unbind(0)
        gap = torch.zeros(1, 5, dtype=torch.long)
        # the vector of padding was drawn above, too
        network.words.weight[0] = 0  # type: ignore[union-attr]
        twice = torch.cat([first, gap, first], 1)
        same = torch.allclose(network(twice), network(first), rtol=1e-9, atol=1e-9)
        differ = not torch.allclose(network(first), network(second))
        numbers = network.strongest(second)[0] * (1 - network.dropout.p)
        alone = torch.allclose(network.output(numbers), network(second), rtol=1e-9, atol=1e-9)
    return Finding(
        "correct" if same and differ and alone else "wrong",
        f"twice: {'same' if same else 'other'} scores; another sentence: "
        f"{'other' if differ else 'same'} scores, which {'follow' if alone else 'do not follow'} "
        "from its numbers",
    )
