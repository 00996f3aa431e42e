"""An exported Detoxify model on onnxruntime: texts in, an array of scores out. No torch."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from moderation.errors import WeightsError
from moderation.scoring.detoxify_cache import MODEL, TOKENIZER

Scores = npt.NDArray[np.float32]

_BATCH_TOKENS: Final = 256
"""Of a batch, padding included: more gains nothing, and leaves other threads without work."""


class ExportedModel:
    """Scores texts in batches of like length, several batches at a time.

    Its tokenizer truncates as Detoxify's does. A text's scores do not depend on its neighbours:
    padding is masked, and int8 scales belong to single tokens (see `row_int8`).
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        # Texts are short, so several batches at a time gain more than several threads for one.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / MODEL), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:
            # onnxruntime and tokenizers raise bare exceptions of their own.
            raise WeightsError(f"{folder} cannot be loaded: {error}") from error
        self._padding = int((self._tokenizer.padding or {})["pad_id"])
        self._tokenizer.no_padding()
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._outputs = int(self._session.get_outputs()[0].shape[1])
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="detoxify")

    def predict(self, texts: Sequence[str]) -> Scores:
        """Score texts: float32 of shape (texts, outputs of the model), 0..1, in order."""
        encoded = self._tokenizer.encode_batch(list(texts))
        scores = np.empty((len(texts), self._outputs), np.float32)
        batches = list(_batches([len(encoding.ids) for encoding in encoded]))
        scored = self._threads.map(lambda batch: self._run([encoded[i] for i in batch]), batches)
        for batch, values in zip(batches, scored, strict=True):
            scores[batch] = values
        return scores

    def _run(self, batch: Sequence[Encoding]) -> Scores:
        length = max(len(encoding.ids) for encoding in batch)
        named = {
            "input_ids": ("ids", self._padding),
            "attention_mask": ("attention_mask", 0),
            "token_type_ids": ("type_ids", 0),
        }
        feed = {}
        for name in self._inputs:
            attribute, filler = named[name]
            values = np.full((len(batch), length), filler, np.int64)
            for row, encoding in zip(values, batch, strict=True):
                row[: len(encoding.ids)] = getattr(encoding, attribute)
            feed[name] = values
        outputs: Any = self._session.run(None, feed)
        scores: Scores = outputs[0]
        return scores


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices in batches of like length, the longest first, so that threads end together."""
    batch: list[int] = []
    longest = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if batch and (len(batch) + 1) * longest > _BATCH_TOKENS:
            yield batch
            batch = []
        longest = longest if batch else lengths[index]
        batch.append(index)
    if batch:
        yield batch
