import random

import pytest

VERBS = [("Open", "Ouvrir"), ("Close", "Fermer"), ("Delete", "Supprimer"), ("Copy", "Copier")]
NOUNS = [("file", "le fichier"), ("page", "la page"), ("cell", "la cellule"), ("list", "la liste"),
         ("event", "l'événement"), ("room", "la salle"), ("table", "le tableau")]  # fmt: skip
COLORS = [("red", "rouge"), ("yellow", "jaune"), ("large", "large"), ("wide", "vaste")]


def made_pairs(count=1000):
    """Commands in two languages, whose adjectives stand on the other side of the noun."""
    every = [
        (f"{verb} the {color} {noun} {n}", f"{verbe} {nom} {couleur} {n}")
        for verb, verbe in VERBS
        for noun, nom in NOUNS
        for color, couleur in COLORS
        for n in range(10)
    ]
    return random.Random(0).sample(every, count)


@pytest.fixture
def messages(monkeypatch):
    pytest.importorskip("sentencepiece")
    from cnnhistory.data.translation import module

    monkeypatch.setattr(module, "message_pairs", made_pairs)
    return lambda **more: module.PairsDataModule(
        **{"data": "messages", "vocabulary": 90, "val_size": 50, "batch_size": 32, **more}
    )
