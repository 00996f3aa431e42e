"""Scorers in a process of their own: they never block an event loop, and one that hangs is killed.

Parent and child exchange frames on the child's standard input and output: four bytes of length
(big endian), then MessagePack.
"""

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Final, Self

import msgspec

from moderation.errors import ScoringError, TrollbridgeError, WeightsError
from moderation.scoring.protocol import Finding, ScoringInput, ScoringOptions

_LENGTH_BYTES: Final = 4
_START_SECONDS: Final = 180.0
"""Loading a large model from a cold disk takes a while."""


class ScoringHungError(ScoringError):
    """A batch took longer than its time limit; the process was replaced."""


class _Start(msgspec.Struct):
    scorers: tuple[str, ...]
    options: ScoringOptions


class _Started(msgspec.Struct):
    models: dict[str, str] = {}
    error: str = ""


class _Scored(msgspec.Struct):
    findings: list[Finding] = []
    seconds: dict[str, float] = {}
    error: str = ""


class Scores(msgspec.Struct):
    """Findings of a batch, in order, and the seconds that each scorer took."""

    findings: list[Finding]
    seconds: dict[str, float]


class ScoringProcess:
    """A child process that scores one batch at a time."""

    def __init__(
        self, scorers: Sequence[str], options: ScoringOptions, *, timeout: float = 10.0
    ) -> None:
        self._start = _Start(tuple(scorers), options)
        self._timeout = timeout
        self._child: asyncio.subprocess.Process | None = None
        self.models: dict[str, str] = {}
        """Scorer name -> version, known after `start`."""

    async def start(self) -> None:
        """Start the child and load the models; WeightsError when they cannot be loaded."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "moderation.scoring.process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # A terminal's Ctrl-C goes to the whole group; the parent decides when the child ends.
            start_new_session=True,
        )
        try:
            reply = await asyncio.wait_for(
                self._exchange(self._start, _Started), timeout=_START_SECONDS
            )
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            await self._kill()
            raise WeightsError(
                "the scoring process did not start: its own message stands above"
            ) from error
        if reply.error:
            await self.close()
            raise WeightsError(reply.error)
        self.models = reply.models

    async def score(self, inputs: Sequence[ScoringInput]) -> Scores:
        """Score a batch. ScoringError when a scorer fails, ScoringHungError when it hangs."""
        if self._child is None:
            await self.start()
        try:
            reply = await asyncio.wait_for(self._exchange(inputs, _Scored), self._timeout)
        except TimeoutError as error:
            await self._kill()
            raise ScoringHungError(f"no answer within {self._timeout:g} s") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            await self._kill()
            raise ScoringError("the scoring process died") from error
        if reply.error:
            raise ScoringError(reply.error)
        return Scores(reply.findings, reply.seconds)

    async def _exchange(self, message: Any, kind: type[Any]) -> Any:
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise ScoringError("the scoring process is not running")
        frame = msgspec.msgpack.encode(message)
        child.stdin.write(len(frame).to_bytes(_LENGTH_BYTES, "big") + frame)
        await child.stdin.drain()
        length = await child.stdout.readexactly(_LENGTH_BYTES)
        reply = await child.stdout.readexactly(int.from_bytes(length, "big"))
        return msgspec.msgpack.decode(reply, type=kind)

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            if child.returncode is None:
                child.kill()
            await child.wait()

    async def close(self) -> None:
        """End the child; it leaves by itself when its input closes."""
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), timeout=2)
        except TimeoutError:
            child.kill()
            await child.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def score_each(
    process: ScoringProcess,
    inputs: Sequence[ScoringInput],
    *,
    attempts: int = 2,
    backoff: float = 0.1,
) -> tuple[list[Finding | ScoringError], dict[str, float]]:
    """Score a batch so that one bad text fails alone.

    A batch that fails is split in halves until the text that breaks a scorer stands alone; it is
    tried `attempts` times with doubling pauses. After a hang the texts go one by one, since each
    further hang costs the whole time limit. Returns a finding or the error for each input, and
    the seconds by scorer.
    """
    try:
        scores = await process.score(inputs)
    except ScoringError as error:
        hung = isinstance(error, ScoringHungError)
        if len(inputs) == 1:
            if attempts <= 1 or hung:
                return [error], {}
            await asyncio.sleep(backoff)
            return await score_each(process, inputs, attempts=attempts - 1, backoff=backoff * 2)
        size = 1 if hung else (len(inputs) + 1) // 2
        found: list[Finding | ScoringError] = []
        seconds: dict[str, float] = {}
        for start in range(0, len(inputs), size):
            part, took = await score_each(
                process, inputs[start : start + size], attempts=attempts, backoff=backoff
            )
            found += part
            seconds = {name: seconds.get(name, 0) + took.get(name, 0) for name in seconds | took}
        return found, seconds
    return list(scores.findings), scores.seconds


def _read(stream: BinaryIO) -> bytes | None:
    length = stream.read(_LENGTH_BYTES)
    if len(length) < _LENGTH_BYTES:
        return None
    return stream.read(int.from_bytes(length, "big"))


def _write(stream: BinaryIO, message: msgspec.Struct) -> None:
    frame = msgspec.msgpack.encode(message)
    stream.write(len(frame).to_bytes(_LENGTH_BYTES, "big") + frame)
    stream.flush()


def _nearest(options: ScoringOptions) -> Callable[[ScoringInput], tuple[str, float]]:
    def find(comment: ScoringInput) -> tuple[str, float]:
        # Imported when first needed: it brings the encoder, which a site's own scorers may lack.
        from moderation.scoring.passages import nearest_passage  # noqa: PLC0415
        from moderation.scoring.reading import shared_reader  # noqa: PLC0415

        return nearest_passage(shared_reader(options.threads).encoder, comment)

    return find


def _serve() -> None:
    """The child: load, then answer batches until the input ends."""
    # What a library prints must not land among the frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        while (frame := _read(sys.stdin.buffer)) is not None:
            frames.put(frame)
        # The parent is gone: leave at once, even out of a scorer that hangs.
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    start = msgspec.msgpack.decode(frames.get(), type=_Start)
    # Imported late, so that a scorer that cannot be imported becomes a message to the parent.
    from moderation.scoring.registry import DEFAULT_SCORERS, Ensemble, load_scorers  # noqa: PLC0415

    try:
        scorers = load_scorers(start.scorers or DEFAULT_SCORERS, start.options)
        ensemble = Ensemble(scorers, nearest=_nearest(start.options))
    except TrollbridgeError as error:
        _write(replies, _Started(error=str(error)))
        return
    _write(replies, _Started(models=ensemble.models))
    while True:
        inputs = msgspec.msgpack.decode(frames.get(), type=list[ScoringInput])
        try:
            reply = _Scored(ensemble.score(inputs), ensemble.seconds)
        except Exception as error:  # noqa: BLE001 - a scorer may raise anything; the parent isolates
            reply = _Scored(error=f"{type(error).__name__}: {error}"[:500])
        _write(replies, reply)


if __name__ == "__main__":
    _serve()
