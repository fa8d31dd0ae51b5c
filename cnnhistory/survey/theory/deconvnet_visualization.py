"""Deconvnet feature visualization, and what the survey says about it."""

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="deconvnet_visualization",
    name="Deconvnet feature visualization",
    year=2014,
    era="theory",
    task="analysis",
    paper="zeiler2014visualizing",
    see_also=("zeiler2011adaptive", "simonyan2014deep", "springenberg2015striving"),
    deviations=(
        "response normalization is left out on the way back; the paper has no step for it",
        "values of overlapping pooling windows that share a maximum are added, as in the "
        "gradient; the paper does not say what happens there",
    ),
    chapter="imagenet/deconvnet_visualization",
    object="visualize.deconvnet.deconvnet",
    digest="deconvnet-visualization",
)


@decided(
    "deconvnet_visualization.c1",
    text="Activations are projected back to pixels by a stack of transposed convolutions.",
    check="exp",
    verdict="correct",
    truth="As stated, together with the places of the maxima, the switches, which the survey "
    "leaves out. They hold much of the picture: with the switches of another image the "
    "projection shows that other image.",
    source="zeiler2014visualizing, Section 2.1, Figure 1",
)
def c1() -> Finding:
    from torch import nn

    from cnnhistory import create_model, zoo
    from cnnhistory.data.digits import DigitsDataModule
    from cnnhistory.visualize.deconvnet import only_strongest, record
    from cnnhistory.visualize.sanity import correlation

    network = create_model("lenet5_modern")
    network.load_state_dict(zoo.load_weights("lenet5_modern_mnist"))
    relu, pool = nn.ReLU(), nn.MaxPool2d(2)
    layers = [network.get_submodule(name) for name in ("c1", "c3", "c5")]
    chain = nn.Sequential(layers[0], relu, pool, layers[1], relu, pool, layers[2], relu)
    digits = DigitsDataModule(levels="unit").test_set.images[:100]
    others = digits.roll(1, dims=0)
    run = record(chain, digits)
    kept = only_strongest(run.output, run.output.flatten(1).argmax(1))
    own, foreign = run.project(kept), record(chain, others).project(kept)
    found = [correlation(own, digits), correlation(foreign, digits), correlation(foreign, others)]
    verdict = "correct" if found[0] > 0.5 and found[0] > 2 * found[1] else "wrong"
    return Finding(
        verdict,
        "strongest unit of C5 of a recorded LeNet-5, 100 digits: correlation of projection and "
        f"digit {found[0]:.1f}; with the switches of another digit {found[1]:.1f}, and "
        f"{found[2]:.1f} with that other digit",
    )
