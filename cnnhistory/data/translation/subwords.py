"""Subwords: a vocabulary of fixed size that can spell every word of its languages.

Source: sennrich2016neural (byte-pair encoding); kudo2018sentencepiece.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from cnnhistory._util.lookup import check_integer, expected
from cnnhistory._util.tokens import BEGIN, END, PAD, UNKNOWN
from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.translation.catalogues import MISSING


class Subwords:
    """Sentences as numbers of subwords, and back, by a SentencePiece model.

    Byte-pair encoding begins with letters and, until there are enough subwords, joins the two
    neighbors that occur most often. Numbers 0 to 3 are PAD, UNKNOWN, BEGIN and END; a letter that
    did not occur in training is UNKNOWN. Spaces belong to the subword behind them, so that text
    comes back as it was.

    Args:
        model: the content of a file of SentencePiece.

    Raises:
        DataFileError: it is none, or one with other numbers for the four marks.
        ModuleNotFoundError: sentencepiece is not installed.

    >>> subwords = Subwords.train(["low lower lowest", "new newer newest"] * 5, 20)
    >>> subwords.pieces(subwords.ids("lower newest"))
    ['▁lo', 'wer', '▁ne', 'we', 'st']
    """

    def __init__(self, model: bytes) -> None:
        self.model = bytes(model)
        self._processor = _library().SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(self.model)
        except RuntimeError as error:
            raise DataFileError(
                f"subwords: expected a model of SentencePiece, got {len(self.model):,} other bytes"
            ) from error
        numbers = [
            getattr(self._processor, f"{mark}_id")() for mark in ("pad", "unk", "bos", "eos")
        ]
        if numbers != [PAD, UNKNOWN, BEGIN, END]:
            raise DataFileError(
                f"subwords: expected the marks {[PAD, UNKNOWN, BEGIN, END]}, got {numbers}"
            )

    @classmethod
    def train(cls, sentences: Iterable[str], size: int) -> Subwords:
        """Choose `size` subwords, the four marks included, for some sentences.

        The same sentences, in whatever order, give the same subwords.

        Raises:
            ValueError: `size` is out of range, too small for the letters, or larger than what the
                sentences give.
            ModuleNotFoundError: sentencepiece is not installed.
        """
        check_integer("size", size, 5)
        library = _library()
        written = io.BytesIO()
        try:
            library.SentencePieceTrainer.Train(
                sentence_iterator=iter(sorted(sentences)),
                model_writer=written,
                vocab_size=size,
                model_type="bpe",
                character_coverage=1.0,
                normalization_rule_name="identity",
                pad_id=PAD,
                unk_id=UNKNOWN,
                bos_id=BEGIN,
                eos_id=END,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            words = " ".join(str(error).split())
            raise ValueError(
                f"size: expected one that the sentences give, got {size} ({words})"
            ) from error
        return cls(written.getvalue())

    def __len__(self) -> int:
        size: int = self._processor.GetPieceSize()
        return size

    def ids(self, sentence: str) -> list[int]:
        """Return the numbers of a sentence's subwords, without BEGIN and END."""
        found: list[int] = self._processor.EncodeAsIds(sentence)
        return found

    def text(self, ids: Sequence[int]) -> str:
        """Return the sentence of some numbers; marks are left out.

        Raises:
            ValueError: a number that no subword has.
        """
        self._check(ids)
        words: str = self._processor.DecodeIds([id for id in ids if id not in (PAD, BEGIN, END)])
        return words

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return the subword of each number; a low line says where a word begins.

        Raises:
            ValueError: a number that no subword has.
        """
        self._check(ids)
        return [self._processor.IdToPiece(id) for id in ids]

    def _check(self, ids: Sequence[int]) -> None:
        for id in ids:
            if not 0 <= id < len(self):
                raise expected("ids", f"numbers from 0 to {len(self) - 1}", id)

    def check_fits(self, rows: int) -> None:
        """Refuse a network that has another number of tokens.

        Raises:
            ValueError: it has fewer or more.
        """
        if rows != len(self):
            raise expected("vocabulary", f"{len(self)}, one for each subword", rows)


def _library() -> Any:
    try:
        import sentencepiece
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(MISSING.format(name="sentencepiece")) from error
    return sentencepiece
