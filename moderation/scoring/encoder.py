"""The encoder: three layers of MiniLM with a head a label, int8, on onnxruntime, one text a run.

One text a run because dynamic quantisation scales by the largest activation in the tensor, and
padding widens attention: in a batch, a text's numbers would depend on its neighbours.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from moderation.errors import WeightsError
from moderation.text import sentences

Vector = npt.NDArray[np.float32]

EMOTIONS: Final = tuple(
    """admiration amusement anger annoyance approval caring confusion curiosity desire
    disappointment disapproval disgust embarrassment excitement fear gratitude grief joy love
    nervousness optimism pride realization relief remorse sadness surprise neutral""".split()
)
"""The tones of GoEmotions (Demszky et al., 2020)."""
HEADS: Final = (
    *("toxicity", "insult", "obscene", "threat", "identity_attack", "hostile"),
    *("sarcasm", "joke"),
    *EMOTIONS,
)
DIMENSIONS: Final = 384
"""Of a topic vector."""
WINDOW_TOKENS: Final = 128
_MARKS: Final = 2
"""Tokens that stand for beginning and end."""
_SHORT_WINDOW: Final = 64
"""Tokens of the parts of a long text: in longer ones a single insult would be diluted."""
_LONG_SENTENCE: Final = 400
"""Characters, about 90 tokens."""
_CACHED_TEXTS: Final = 8192
"""About 14 MB: 420 numbers of four bytes each."""


class Reading(NamedTuple):
    """What the encoder makes of a text's first 128 tokens."""

    logits: Vector
    """Log odds in the order of `HEADS`: float32 of shape (heads,)."""
    topic: Vector
    """To compare texts by cosine: float32 of shape (384,), length 1."""


class Encoder:
    """Reads texts; remembers the last few thousand, since articles and threads recur."""

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
        self._cache: OrderedDict[str, Reading] = OrderedDict()
        self._cut = lru_cache(maxsize=_CACHED_TEXTS)(self._cut_windows)

    def read(self, text: str) -> Reading:
        """Read a text's first 128 tokens."""
        found = self._cache.get(text)
        if found is not None:
            self._cache.move_to_end(text)
            return found
        return self._remember(text, self._run(text))

    def prefetch(self, texts: Iterable[str]) -> None:
        """Read texts that will be asked for, as many at a time as there are threads."""
        new = [text for text in dict.fromkeys(texts) if text not in self._cache]
        if len(new) == 1:
            self.read(new[0])
            return
        for text, reading in zip(new, self._threads.map(self._run, new), strict=True):
            self._remember(text, reading)

    def _run(self, text: str) -> Reading:
        """Read a text; called by several threads, so it touches no cache."""
        logits, topic = self._outputs(self._tokenizer.encode(text).ids, ["logits", "topic"])
        reading = Reading(logits[0], topic[0])
        for vector in reading:
            vector.setflags(write=False)
        return reading

    def _outputs(self, ids: Sequence[int], names: Sequence[str]) -> Any:
        tokens = np.array([ids], dtype=np.int64)
        given = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        return self._session.run(names, given)

    def _remember(self, text: str, reading: Reading) -> Reading:
        self._cache[text] = reading
        if len(self._cache) > _CACHED_TEXTS:
            self._cache.popitem(last=False)
        return reading

    def shares(self, text: str, head: str) -> list[tuple[int, int, float]]:
        """How much each token of a text's first 128 adds to a head's log odds.

        As `(start, end, share)` with the token's place in the text, in code points.
        """
        encoded = self._tokenizer.encode(text)
        (shares,) = self._outputs(encoded.ids, ["shares"])
        column = HEADS.index(head)
        return [
            (start, end, float(share))
            for (start, end), share in zip(encoded.offsets, shares[0, :, column], strict=True)
            if start < end
        ]

    def meaning(self, text: str) -> Vector:
        """The topic vector alone, float32 of shape (384,) and length 1."""
        return self.read(text).topic

    def windows(self, text: str) -> Sequence[tuple[int, int]]:
        """Cut a text into runs of whole sentences that the encoder reads without loss.

        As `(start, end)`; none for a text without a word. A very long sentence is cut between
        words, so that no insult hides behind a missing stop.
        """
        # A token is at least one character, so a short text needs no counting.
        if len(text) <= WINDOW_TOKENS - _MARKS:
            return ((0, len(text)),) if text.strip() else ()
        return self._cut(text)

    def _cut_windows(self, text: str) -> tuple[tuple[int, int], ...]:
        pieces = [(left, right, self._tokens(text[left:right])) for left, right in _pieces(text)]
        if not pieces:
            return ()
        if sum(tokens for _, _, tokens in pieces) <= WINDOW_TOKENS - _MARKS:
            return ((pieces[0][0], pieces[-1][1]),)
        found: list[tuple[int, int]] = []
        start = end = room = 0
        for left, right, tokens in pieces:
            if end and tokens > room:
                found.append((start, end))
                end = 0
            if not end:
                start, room = left, _SHORT_WINDOW
            room -= tokens
            end = right
        return (*found, (start, end))

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
        raise WeightsError(f"{path}: {error.strerror}; build it with trollbridge train") from error


@lru_cache(maxsize=4)
def shared_encoder(threads: int = 1) -> Encoder:
    """The encoder that the scorers of a process share."""
    return Encoder(threads)
