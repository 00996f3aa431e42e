"""The naive Faust worker of docs/why.md, one agent a case: `naive.py CASE worker --without-web`.

Nothing here is contrived to lose records. Each agent is what a first version looks like; the
scorer fails on a comment without words, which no test of the scorer happened to hold. What the
environment sets only lets a test choose the moment of a fault, and not wait for it.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faust

from streams.rewinding import RewindingConsumer
from tests.slow_faust import slow_down

INSULTS = {"idiot", "moron"}

app = faust.App(
    "naive",
    broker=f"kafka://{os.environ['BROKER']}",
    # The tests make the topics: a record must not be missing because its topic was.
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
    # Short, so that a restart after kill -9 does not wait out Faust's 60 seconds.
    broker_session_timeout=float(os.environ["SESSION_SECONDS"]),
    broker_heartbeat_interval=float(os.environ["SESSION_SECONDS"]) / 3,
    broker_commit_interval=float(os.environ["COMMIT_SECONDS"]),
    broker_rebalance_timeout=float(os.environ["SESSION_SECONDS"]),
    producer_linger_ms=int(os.environ.get("LINGER_MS", "0")),
)
comments = app.topic("comments")
judged = app.topic("judged")


def toxicity(text: str) -> float:
    """Share of insulting words; nobody thought of a comment without words."""
    words = text.lower().split()
    return sum(word in INSULTS for word in words) / len(words)


async def remote_toxicity(text: str) -> float:
    """The same from a service over the network, which takes its time with some texts."""
    if text.startswith("long read"):
        await asyncio.sleep(float(os.environ.get("REMOTE_SECONDS", "0")))
    return toxicity(text)


def heavy_toxicity(text: str) -> float:
    """The same from a large model, which computes over some texts until the test lets it finish."""
    gate = os.environ.get("MODEL_GATE")
    if gate and text.startswith("long read"):
        Path(gate, "started").touch()
        while not Path(gate, "finish").exists():
            time.sleep(0.05)
    return toxicity(text)


async def one_by_one(stream: Any) -> None:
    """Score and send, a comment at a time."""
    async for comment in stream:
        score = toxicity(comment["text"])
        await judged.send(value={**comment, "toxicity": score})


async def in_batches(stream: Any) -> None:
    """Score ten comments at once, which models like better, then send them."""
    async for batch in stream.take(10, within=0.5):
        scores = [toxicity(comment["text"]) for comment in batch]
        for comment, score in zip(batch, scores, strict=True):
            await judged.send(value={**comment, "toxicity": score})


async def over_the_network(stream: Any) -> None:
    """Wait for a remote scorer."""
    async for comment in stream:
        score = await remote_toxicity(comment["text"])
        await judged.send(value={**comment, "toxicity": score})


async def with_a_table(stream: Any) -> None:
    """Remember how many comments each author wrote."""
    async for comment in stream:
        counts[comment.get("author", "")] += 1
        score = await remote_toxicity(comment["text"])
        await judged.send(value={**comment, "toxicity": score})


async def on_the_loop(stream: Any) -> None:
    """Run the model right here, on the event loop."""
    async for comment in stream:
        score = heavy_toxicity(comment["text"])
        await judged.send(value={**comment, "toxicity": score})


CASES: dict[str, Callable[[], Any]] = {
    "one_by_one": lambda: app.agent(comments)(one_by_one),
    "in_batches": lambda: app.agent(comments)(in_batches),
    "two_at_once": lambda: app.agent(comments, concurrency=2)(over_the_network),
    "with_a_table": lambda: app.agent(comments)(with_a_table),
    "on_the_loop": lambda: app.agent(comments)(on_the_loop),
}


async def _hold_flow(*_: Any, **__: Any) -> None:
    """What trollbridge's worker does; Faust lets it flow again when it has sought."""
    app.consumer.stop_flow()


if __name__ == "__main__":
    case = sys.argv.pop(1)
    slow_down()
    if "REWIND" in os.environ:
        app.transport.Consumer = RewindingConsumer  # type: ignore[misc]
    if case == "with_a_table":
        counts = app.Table("counts", default=int, partitions=int(os.environ["PARTITIONS"]))
        if "HOLD_FLOW" in os.environ:
            app.on_rebalance_complete.connect(_hold_flow, weak=False)
    CASES[case]()
    app.main()
