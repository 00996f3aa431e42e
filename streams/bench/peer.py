"""The peer: a bare Faust app that carries the same records through the same hops.

It decodes nothing, scores nothing, confirms nothing and loses what is in flight when it dies: an
upper bound for what Faust carries on this machine.
"""

import sys
from pathlib import Path

import faust
from faust.types import StreamT

from streams.settings import load
from streams.topics import Topics


def make_app() -> faust.App:
    """The app on the brokers that the environment names."""
    settings = load().settings
    topics = Topics(settings.topic_prefix)
    app = faust.App(
        f"{settings.consumer_group}-peer",
        broker=[f"kafka://{address}" for address in settings.brokers.split(",")],
        store="memory://",
        datadir=Path(settings.data_dir) / "peer",
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        producer_linger_ms=5,
    )
    comments, scored, judged = (
        app.topic(name, value_type=bytes, value_serializer="raw")
        for name in (topics.comments, topics.scored, topics.judged)
    )

    @app.agent(comments)
    async def score(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            await scored.send(key=event.key, value=event.value)

    @app.agent(scored)
    async def judge(stream: StreamT[bytes]) -> None:
        async for event in stream.events():
            await judged.send(key=event.key, value=event.value)

    return app


if __name__ == "__main__":
    sys.argv = ["peer", "worker", "--without-web", "--loglevel", "error"]
    make_app().main()
