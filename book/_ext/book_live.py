"""The directive {live}: a figure that runs in the page, and the files that such figures load.

    ```{live} lenet5
    What to look for.
    ```

`FIGURES` says which script of _static/live/figures fills it, with which options, and what it
shows in words. Until the script is ready, without JavaScript, and if a file is damaged, the
page shows a stored picture, _static/live/stored/NAME.png, made by book/_tools/live_pictures.py.
The networks and digits are written when the book is built, from the package and its small data.
"""

import json
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import book_opening
from docutils import nodes
from docutils.parsers.rst import directives
from live_data import BLOCKS, FILES, MOST_WORDS
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

STATIC = Path(__file__).resolve().parents[1] / "_static"


class Figure(NamedTuple):
    """A live figure: its script, the options of that, and what it shows in words.

    `stored` is HTML that stands in for the picture of a file.
    """

    script: str
    options: dict[str, Any]
    alt: str
    stored: str = ""


def _lenet(run: str, digits: str, levels: list[float], **more: Any) -> dict[str, Any]:
    return {"network": run, "digits": digits, "levels": levels, **more}


# how a drawn digit becomes one of MNIST's: 20 pixels at most, by its mass in the middle of 28
_LENET5 = _lenet(
    "lenet5_mnist", "lenet5_digits", [-0.1, 1.175], inner=28, box=20, mass=True
)

# The best of 1, 2, 5 times powers of ten on each surface, from where the race starts: the first
# to be within 0.001 of the lowest height for good, or nearest to it after 200 steps, among
# those whose ways stay within the picture.
RULES = ("gradient descent", "momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam")
RATES = {
    surface: dict(zip(RULES, rates, strict=True))
    for surface, rates in {
        "bowl": (0.05, 0.01, 0.01, 2.0, 0.02, 0.1),
        "valley": (0.005, 0.001, 0.002, 0.5, 0.05, 0.5),
        "saddle": (1.0, 0.1, 0.2, 0.5, 0.02, 0.1),
    }.items()
}

# what the six classes of TREC ask for, in the order of the network's scores
QUESTIONS = [
    "an abbreviation",
    "a description",
    "a thing",
    "a person",
    "a place",
    "a number",
]

FIGURES = {
    "front": Figure(
        "lenet",
        _LENET5 | {"first": 4},
        "A surface to draw a digit on, the maps of every layer of LeNet-5, and ten bars: "
        "how far its last layer is from the drawing of each digit",
        "opening",
    ),
    "lenet5": Figure(
        "lenet",
        _LENET5 | {"first": 2},
        "A surface to draw a digit on, the maps of every layer of LeNet-5, the distance to the "
        "code of each digit, and the sum of the unit that is pointed at",
    ),
    "lenet1989": Figure(
        "lenet",
        _lenet(
            "lenet1989_online",
            "lenet1989_digits",
            [-1.0, 1.0],
            inner=16,
            box=16,
            first=3,
        ),
        "A surface to draw a digit on, the maps of H1 and H2 and the units of H3 of the "
        "network of 1989, the score of each digit, and the sum of the unit pointed at",
    ),
    "convolution": Figure(
        "convolution",
        {"digits": "lenet1989_digits", "first": 4},
        "A digit of 16x16 pixels with the window of a convolution on it, the map that results, "
        "and sliders for kernel size, stride, padding and dilation",
    ),
    "blocks": Figure(
        "blocks",
        {
            "networks": [
                {"title": title, "file": run} for run, title in BLOCKS.items()
            ],
            "digits": "resnet_digits",
            "levels": [-1.0, 1.0],
        },
        "The nine blocks of a small residual network as buttons that delete them, the number "
        "of test digits that it then reads wrong, and its answers to 24 of them",
    ),
    "xnor": Figure(
        "xnor",
        {
            "networks": ["xnor_float_digits4000", "xnor_digits4000"],
            "digits": "xnor_digits",
            "levels": [-1.0, 1.0],
            "first": 3,
        },
        "A handwritten digit and a table: what a network of floats and one of signs answer, "
        "their bytes, how many of 200 test digits each reads wrong, and the time for one",
    ),
    "pruning": Figure(
        "pruning",
        {
            "network": "lenet1989_online",
            "digits": "pruning_digits",
            "levels": [-1.0, 1.0],
        },
        "A slider for the threshold below which weights become zero, the weights that are left "
        "in each layer, and the error on 500 digits against the share of weights left",
    ),
    "fluid": Figure(
        "fluid",
        {
            "network": "fluidnet_64",
            "digits": "fluid_scenes",
            "first": 2,
            "steps": 45,
            "sweeps": 32,
        },
        "A box of 64x64 cells in which smoke rises around obstacles that can be drawn, and a "
        "table: the divergence that a network and sweeps of Jacobi leave, and their times",
    ),
    "textcnn": Figure(
        "textcnn",
        {
            "network": "textcnn_trec_small",
            "words": "textcnn_words",
            "classes": QUESTIONS,
            "examples": [
                "How many legs does a spider have ?",
                "Who painted the ceiling of the Sistine Chapel ?",
                "What is the capital of Australia ?",
                "What does NASA stand for ?",
                "Why do leaves turn red ?",
            ],
            "most": MOST_WORDS,
        },
        "A field to type a question into, its words lit by how much they speak for the answer, "
        "the score of each of six kinds of questions, and the n-grams that fired its filters",
    ),
    "descent_race": Figure(
        "race",
        {
            "titles": {
                "bowl": "long bowl",
                "valley": "Rosenbrock's valley",
                "saddle": "saddle",
            },
            "rates": RATES,
            "starts": {
                "bowl": [-2.0, 0.8],
                "valley": [-1.2, 1.0],
                "saddle": [1.6, 0.02],
            },
        },
        "A surface from above with lines of equal height, on it the ways of six update rules "
        "from where a ball was dropped, and a table of the heights that they have come to",
    ),
}


def stored_html(name: str, root: str) -> str:
    """Return the picture that stands in for a figure; `root` leads to the first page."""
    figure = FIGURES[name]
    if figure.stored == "opening":
        return book_opening.stages_html()
    picture = f"{root}_static/live/stored/{name}.png"
    return f'<img src="{picture}" alt="{escape(figure.alt)}" loading="lazy">'


def live_html(name: str, root: str) -> str:
    """Return a figure as HTML: the stored picture, and room for what the script makes."""
    figure = FIGURES[name]
    options = escape(json.dumps(figure.options))
    return (
        f'<div class="live" data-live="{figure.script}" data-options="{options}">'
        f'<div class="live-stored">{stored_html(name, root)}</div>'
        f'<div class="live-stage" role="group" aria-label="{escape(figure.alt)}" hidden></div>'
        '<p class="live-said" role="status" hidden></p></div>'
    )


class Live(SphinxDirective):
    """Insert a live figure with its caption; `:unnumbered:` for one without a number."""

    required_arguments = 1
    has_content = True
    option_spec = {"unnumbered": directives.flag, "name": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the figure."""
        name = self.arguments[0]
        if name not in FIGURES:
            raise self.error(
                f"live: expected one of {', '.join(FIGURES)}, got {name!r}"
            )
        self.env.note_dependency(__file__)
        html = live_html(name, "../" * self.env.docname.count("/"))
        content = nodes.raw("", html, format="html")
        parsed = self.parse_content_to_nodes()
        if len(parsed) != 1 or not isinstance(parsed[0], nodes.paragraph):
            raise self.error("live: expected a caption of one paragraph")
        if "unnumbered" in self.options:
            parsed[0]["classes"].append("live-caption")
            return [nodes.container("", content, parsed[0], classes=["live-figure"])]
        figure = nodes.figure("", content, classes=["live-figure"])
        caption = nodes.caption(parsed[0].rawsource, "", *parsed[0].children)
        figure += caption
        self.add_name(figure)
        return [figure]


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Write what the figures load, once the pages are written."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "live" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for make in FILES:
        for name, content in make().items():
            (folder / name).write_bytes(content)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, its script and the files."""
    app.add_directive("live", Live)
    app.add_js_file("live/start.mjs", type="module")
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
