"""Sentence embeddings: MiniLM-L6, int8, on onnxruntime, one text a run.

One text a run because dynamic quantisation scales by the largest activation in the tensor, and
padding widens attention: in a batch, a text's numbers would depend on its neighbours.
"""

from collections import OrderedDict
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
_CACHED_TEXTS: Final = 8192
"""About 25 MB: 768 numbers of four bytes each."""


class Encoder:
    """Embeds texts; remembers the last few thousand, since articles and threads recur."""

    def __init__(self, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin for work would take the core from the broker's event loop.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
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

    def embed(self, text: str) -> Vector:
        """Embed a text's first 128 tokens.

        Returns float32 of shape (768,): the mean of the last layer's tokens, scaled to length 1,
        then the mean of the third layer's.
        """
        found = self._cache.get(text)
        if found is not None:
            self._cache.move_to_end(text)
            return found
        tokens = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        outputs: Any = self._session.run(
            None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        )
        final, middle = outputs[0][0].mean(0), outputs[1][0].mean(0)
        final /= np.linalg.norm(final) + 1e-9
        vector: Vector = np.concatenate([final, middle]).astype(np.float32)
        vector.setflags(write=False)
        self._cache[text] = vector
        if len(self._cache) > _CACHED_TEXTS:
            self._cache.popitem(last=False)
        return vector

    def meaning(self, text: str) -> Vector:
        """The final embedding alone, float32 of shape (384,) and length 1, to compare texts."""
        return self.embed(text)[:DIMENSIONS]

    def windows(self, text: str) -> list[str]:
        """Cut a text into runs of whole sentences that the encoder reads without loss.

        A sentence longer than a window stands alone, and its tail is not read.
        """
        # A token is at least one character, so a short text needs no counting.
        if len(text) < WINDOW_TOKENS:
            return [text]
        found: list[str] = []
        start, room = 0, 0
        end = 0
        for left, right in sentences(text):
            length = len(self._tokenizer.encode(text[left:right], add_special_tokens=False).ids)
            if end and length > room:
                found.append(text[start:end])
                start, room = left, WINDOW_TOKENS - 2
            elif not end:
                start, room = left, WINDOW_TOKENS - 2
            room -= length
            end = right
        if end:
            found.append(text[start:end])
        return found or [text]


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
