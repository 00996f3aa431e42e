"""Sentence embeddings: MiniLM-L6, int8, on onnxruntime, one text a run.

One text a run because dynamic quantisation scales by the largest activation in the tensor, and
padding widens attention: in a batch, a text's numbers would depend on its neighbours.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from moderation.errors import WeightsError
from moderation.text import sentences

Vector = npt.NDArray[np.float32]

DIMENSIONS: Final = 384
"""Of the final embedding; the middle layer has as many."""
WINDOW_TOKENS: Final = 128
_MARKS: Final = 2
"""Tokens that stand for beginning and end."""
_SHORT_WINDOW: Final = 64
"""Tokens of the parts of a long text: in longer ones a single insult would be diluted."""
_LONG_SENTENCE: Final = 400
"""Characters, about 90 tokens."""
_CACHED_TEXTS: Final = 8192
"""About 25 MB: 768 numbers of four bytes each."""


class Encoder:
    """Embeds texts; remembers the last few thousand, since articles and threads recur."""

    def __init__(self, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        # Texts are short, so several at a time gain more than several threads for one.
        options.intra_op_num_threads = 1
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="encoder")
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                read_weights("encoder.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_buffer(read_weights("tokenizer.json"))
        except WeightsError:
            raise
        except Exception as error:
            # onnxruntime and tokenizers raise bare exceptions of their own.
            raise WeightsError(f"the encoder's weights are damaged: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(WINDOW_TOKENS)
        self._cache: OrderedDict[str, Vector] = OrderedDict()
        self._cut = lru_cache(maxsize=_CACHED_TEXTS)(self._cut_windows)

    def embed(self, text: str) -> Vector:
        """Embed a text's first 128 tokens.

        Returns float32 of shape (768,): the mean of the last layer's tokens, scaled to length 1,
        then the mean of the third layer's.
        """
        found = self._cache.get(text)
        if found is not None:
            self._cache.move_to_end(text)
            return found
        return self._remember(text, self._run(text))

    def prefetch(self, texts: Iterable[str]) -> None:
        """Embed texts that will be asked for, as many at a time as there are threads."""
        new = [text for text in dict.fromkeys(texts) if text not in self._cache]
        for text, vector in zip(new, self._threads.map(self._run, new), strict=True):
            self._remember(text, vector)

    def _run(self, text: str) -> Vector:
        """Compute a text's embedding; called by several threads, so it touches no cache."""
        tokens = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        outputs: Any = self._session.run(
            None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        )
        final, middle = outputs[0][0].mean(0), outputs[1][0].mean(0)
        final /= np.linalg.norm(final) + 1e-9
        vector: Vector = np.concatenate([final, middle]).astype(np.float32)
        vector.setflags(write=False)
        return vector

    def _remember(self, text: str, vector: Vector) -> Vector:
        self._cache[text] = vector
        if len(self._cache) > _CACHED_TEXTS:
            self._cache.popitem(last=False)
        return vector

    def meaning(self, text: str) -> Vector:
        """The final embedding alone, float32 of shape (384,) and length 1, to compare texts."""
        return self.embed(text)[:DIMENSIONS]

    def windows(self, text: str) -> Sequence[str]:
        """Cut a text into runs of whole sentences that the encoder reads without loss.

        A very long sentence is cut between words, so that no insult hides behind a missing stop.
        """
        # A token is at least one character, so a short text needs no counting.
        return (text,) if len(text) <= WINDOW_TOKENS - _MARKS else self._cut(text)

    def _cut_windows(self, text: str) -> tuple[str, ...]:
        pieces = [(left, right, self._tokens(text[left:right])) for left, right in _pieces(text)]
        if sum(tokens for _, _, tokens in pieces) <= WINDOW_TOKENS - _MARKS:
            return (text,)
        found: list[str] = []
        start = end = room = 0
        for left, right, tokens in pieces:
            if end and tokens > room:
                found.append(text[start:end])
                end = 0
            if not end:
                start, room = left, _SHORT_WINDOW
            room -= tokens
            end = right
        return (*found, text[start:end])

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Sentences of a text, the very long ones cut between words."""
    for start, end in sentences(text):
        at = start
        while end - at > _LONG_SENTENCE:
            gap = text.rfind(" ", at + 1, at + _LONG_SENTENCE)
            cut = gap if gap > 0 else at + _LONG_SENTENCE
            yield at, cut
            at = cut
        yield at, end


def read_weights(name: str) -> bytes:
    """Read a file of `moderation/weights`; WeightsError when it is not there."""
    path = resources.files("moderation") / "weights" / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"{path}: {error.strerror}; build it with python -m moderation.training"
        ) from error


@lru_cache(maxsize=4)
def shared_encoder(threads: int = 1) -> Encoder:
    """The encoder that the scorers of a process share."""
    return Encoder(threads)
