import pytest
import torch

from cnnhistory.models.lenet5 import LeNet5
from cnnhistory.nn.losses.distances import MAPLoss
from cnnhistory.visualize.source import REPOSITORY, show_source


class Example(torch.nn.Module):
    """One line.

    More of it.
    """

    half = 0.5

    def __init__(self) -> None:
        super().__init__()
        self.scale = 2  # why

    @staticmethod
    def other(
        a,
        b,
    ):
        return a + b

    def forward(self, x):
        """Say what.

        Shape: any.
        """
        return self.scale * x


def test_docstrings_keep_their_first_line():
    assert show_source(Example).code == (
        "class Example(torch.nn.Module):\n"
        '    """One line."""\n'
        "\n"
        "    half = 0.5\n"
        "\n"
        "    def __init__(self) -> None:\n"
        "        super().__init__()\n"
        "        self.scale = 2  # why\n"
        "\n"
        "    @staticmethod\n"
        "    def other(\n"
        "        a,\n"
        "        b,\n"
        "    ):\n"
        "        return a + b\n"
        "\n"
        "    def forward(self, x):\n"
        '        """Say what."""\n'
        "        return self.scale * x"
    )


def test_some_methods_of_a_class():
    assert show_source(Example, methods=["forward"]).code == (
        "class Example(torch.nn.Module):\n"
        '    """One line."""\n'
        "\n"
        "    ...\n"
        "\n"
        "    def forward(self, x):\n"
        '        """Say what."""\n'
        "        return self.scale * x"
    )


def test_one_method():
    assert show_source(Example.other).code.startswith("@staticmethod\ndef other(")


def test_markdown_has_code_and_links():
    text = show_source(LeNet5, MAPLoss)._repr_markdown_()
    assert text.startswith("```python\nclass LeNet5(nn.Module):")
    assert text.count("```") == 2
    assert (
        f"[`cnnhistory/models/lenet5.py`]({REPOSITORY}/blob/main/cnnhistory/models/lenet5.py#LeNet5)"
        in text
    )
    assert "cnnhistory/nn/losses/distances.py#MAPLoss" in text


def test_what_is_shown_is_python_that_parses():
    import ast

    from cnnhistory.models import alexnet, googlenet, resnet, vgg

    for module in (alexnet, googlenet, resnet, vgg):
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                ast.parse(show_source(value).code)
                if "forward" in vars(value):
                    shown = show_source(value, methods=["forward"])
                    assert "def forward" in shown.code
                    ast.parse(shown.code)


def test_errors():
    with pytest.raises(ValueError, match="things: expected at least one"):
        show_source()
    with pytest.raises(TypeError, match="expected classes and functions"):
        show_source(MAPLoss())
    with pytest.raises(ValueError, match="methods that Example defines"):
        show_source(Example, methods=["backward"])
