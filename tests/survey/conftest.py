"""Other networks for the functions that decide statements."""

import pytest

import cnnhistory
from cnnhistory import registry
from cnnhistory.registry import create_model


@pytest.fixture
def renamed(monkeypatch):
    """Hand the checkers other models than those they ask for."""

    def rename(**names):
        def create(name, **settings):
            return create_model(names.get(name, name), **settings)

        for place in (cnnhistory, registry):
            monkeypatch.setattr(place, "create_model", create)

    return rename


@pytest.fixture
def changed(monkeypatch):
    """Hand the checkers networks that a function has changed."""

    def change(name, function):
        def create(wanted, **settings):
            model = create_model(wanted, **settings)
            if wanted == name:
                function(model)
            return model

        for place in (cnnhistory, registry):
            monkeypatch.setattr(place, "create_model", create)

    return change
