"""The Faust worker: the app, its agents and stages, and how it starts and ends."""

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import faust
import structlog
from faust.types import StreamT

from moderation.errors import BrokerError, SettingsError, TrollbridgeError
from moderation.policy_file import PolicyFile
from moderation.scoring.process import ScoringProcess
from streams import metrics, topics
from streams.agents.articles import ArticlesHandler
from streams.agents.campaigns import CampaignsHandler
from streams.agents.decisions import DecisionsHandler
from streams.agents.judge import JudgeHandler
from streams.agents.rejections import RejectionsHandler
from streams.agents.replies import RepliesHandler
from streams.agents.score import ScoreHandler
from streams.agents.sightings import SightingsHandler
from streams.campaign_shelf import CampaignShelf
from streams.clients import faust_credentials
from streams.deadletters import DeadLetterLimit
from streams.follow import Follower
from streams.health import HealthServer, Pulse
from streams.outbox import Outbox
from streams.rewinding import RewindingConsumer
from streams.settings import Settings
from streams.shelf import Shelf
from streams.stage import Stage
from streams.state.state import State
from streams.state.sweep import owned_partitions
from streams.threads import Threads
from streams.topics import Topics

log = structlog.get_logger(__name__)

_STALLED_SECONDS = 30.0
"""Lag without a moving committed offset for so long: not ready."""

_POLICY_SECONDS = 1.0
_CAMPAIGNS_KEPT = 5_000


def _auto_store() -> str:
    return _rocksdb() if importlib.util.find_spec("rocksdict") else "memory://"


def _rocksdb() -> str:
    if importlib.util.find_spec("rocksdict") is None:
        raise SettingsError(
            "state_store=rocksdb needs rocksdict: pip install 'trollbridge[rocksdb]'"
        )
    return "rocksdb://"


_STORES: Final[dict[str, Callable[[], str]]] = {
    "auto": _auto_store,
    "memory": lambda: "memory://",
    "rocksdb": _rocksdb,
}


def make_app(settings: Settings) -> faust.App:
    """Faust, set so that it loses nothing; docs/why.md says what each setting prevents."""
    folder = Path(settings.data_dir) / "faust"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"data_dir={settings.data_dir}: {error.strerror}") from error
    app = faust.App(
        settings.consumer_group,
        broker=[f"kafka://{address}" for address in settings.brokers.split(",")],
        broker_credentials=faust_credentials(settings),
        store=_STORES[settings.state_store](),
        # Nobody but the owner keeps a partition's state: standbys would double the memory.
        table_standby_replicas=0,
        datadir=folder,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        stream_buffer_maxsize=256,
        agent_supervisor="mode.CrashingSupervisor",
        broker_session_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_commit_interval=0.2,
        consumer_auto_offset_reset="earliest",
    )
    app.transport.Consumer = RewindingConsumer  # type: ignore[misc]
    return app


class Worker:
    """One worker process: everything between reading a comment and its confirmed outcome."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topics = Topics(settings.topic_prefix)
        self._failure: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._policy = PolicyFile(settings.policy)
        self._pulse = Pulse()
        self._health = HealthServer(*settings.bind(), self._pulse)
        self._process = ScoringProcess(
            settings.scorers, settings.scoring_options(), timeout=settings.scoring_timeout
        )
        self._outbox = Outbox(settings)
        self._shelf = Shelf(keep=settings.articles_kept, wait=settings.article_wait)
        self._campaign_shelf = CampaignShelf(keep=_CAMPAIGNS_KEPT, settings=settings.campaigns())
        self._articles = Follower(
            self._topics.articles, self._shelf.take, settings=settings, on_fatal=self._fatal
        )
        self._campaigns = Follower(
            self._topics.campaigns,
            self._campaign_shelf.take,
            settings=settings,
            on_fatal=self._fatal,
        )
        self._app = make_app(settings)
        self._state = State(self._app, settings, topics=self._topics, outbox=self._outbox)
        self._sweeper = self._state.sweeper(owned=self._owned, on_fatal=self._fatal)
        self._sighting_partitions = 0
        self._stages = self._make_stages()
        self._assigned = False
        self._assigned_at = 0.0
        self._moved = (time.monotonic(), -1)

    def _make_stages(self) -> list[Stage[Any]]:
        limit = DeadLetterLimit(
            in_a_row=self._settings.deadletters_in_a_row, share=self._settings.deadletters_share
        )
        latest = Threads(keep=self._settings.threads_kept, length=self._settings.thread_length)
        score = ScoreHandler(
            self._process,
            self._shelf,
            latest,
            lambda: self._policy.policy,
            heats=self._state.threads,
            campaigns=self._campaign_shelf,
            topics=self._topics,
            attempts=self._settings.scoring_attempts,
            articles_ready=self._articles.caught_up.wait,
            sighting_partitions=lambda: self._sighting_partitions,
        )
        topics, state = self._topics, self._state
        judge = JudgeHandler(lambda: self._policy.policy, state.authors, topics=topics)
        handlers: dict[str, tuple[str, Any]] = {
            "articles": (topics.articles, ArticlesHandler()),
            "score": (topics.comments, score),
            "judge": (topics.scored, judge),
            "decisions": (topics.decisions, DecisionsHandler(state.authors, topics=topics)),
            "replies": (topics.replies, RepliesHandler(state.authors)),
            "rejections": (
                topics.rejections,
                RejectionsHandler(state.threads, latest, topics=topics),
            ),
            "sightings": (
                topics.sightings,
                SightingsHandler(state.bands, state.authors, topics=topics),
            ),
            "campaigns": (
                topics.matches,
                CampaignsHandler(
                    state.campaigns, state.authors, topics=topics, outbox=self._outbox
                ),
            ),
        }
        stages = []
        for name, (topic, handler) in handlers.items():
            stage: Stage[Any] = Stage(
                name,
                handler,
                outbox=self._outbox,
                limit=limit,
                deadletter_topic=self._topics.deadletter,
                on_fatal=self._fatal,
                settings=self._settings,
            )
            self._add_agent(name, topic, stage)
            stages.append(stage)
        return stages

    def _add_agent(self, name: str, topic: str, stage: Stage[Any]) -> None:
        async def read(stream: StreamT[bytes]) -> None:
            await stage.read(stream)

        channel = self._app.topic(topic, value_type=bytes, value_serializer="raw")
        self._app.agent(channel, name=name, concurrency=1)(read)

    def _fatal(self, error: Exception) -> None:
        """Something that no retry mends: remember it and let `run` end the process."""
        if not self._failure.done():
            self._failure.set_result(error)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT; raises what made the work impossible."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self._health.start()
        ticking = asyncio.create_task(self._tick())
        try:
            await self._until(stop, self._start())
            if not stop.is_set() and not self._failure.done():
                log.info("worker ready", models=self._process.models, group=self._app.conf.id)
                await self._until(stop)
            log.info("worker stopping", failed=self._failure.done())
        finally:
            await self._stop()
            ticking.cancel()
            self._health.close()
        if self._failure.done():
            raise self._failure.result()

    async def _start(self) -> None:
        try:
            await asyncio.to_thread(topics.require, self._settings)
            await self._require_partitions()
            await self._process.start()
            self._publish_info()
            self._app.on_rebalance_complete.connect(self._restored, weak=False)
            self._app.on_partitions_revoked.connect(self._revoked, weak=False)
            self._app.on_partitions_assigned.connect(self._assign, weak=False)
            self._app.on_before_shutdown.connect(self._shut_down, weak=False)
            for service in (*self._stages, self._articles, self._campaigns, self._sweeper):
                self._app.add_dependency(service)
            await self._app.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the process must end
            self._fatal(error)

    async def _require_partitions(self) -> None:
        names = self._topics.partitioned_alike()
        partitions = await asyncio.to_thread(self._outbox.partitions, names)
        for problem in topics.unlike(partitions):
            raise BrokerError(f"{problem}; see docs/operate.md, Several workers")
        self._sighting_partitions = partitions[self._topics.sightings]

    async def _until(self, stop: asyncio.Event, *coroutines: Any) -> None:
        """Wait for a signal, a failure, a crash of Faust's own, or the coroutines."""
        waits = [asyncio.ensure_future(wait) for wait in (stop.wait(), *coroutines)]
        crash = asyncio.ensure_future(self._crashed())
        await asyncio.wait([*waits, crash, self._failure], return_when=asyncio.FIRST_COMPLETED)
        for wait in (*waits, crash):
            wait.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await wait

    async def _crashed(self) -> None:
        while not self._app.crashed:  # noqa: ASYNC110 - Faust offers no event for it
            await asyncio.sleep(0.2)
        reason = self._app.crash_reason or TrollbridgeError("Faust stopped by itself")
        self._fatal(reason if isinstance(reason, Exception) else TrollbridgeError(repr(reason)))

    async def _stop(self) -> None:
        try:
            await asyncio.wait_for(self._app.stop(), timeout=8)
        except TimeoutError:
            log.warning("Faust did not stop in time; what is not committed will be read again")
        await self._process.close()
        await asyncio.to_thread(self._outbox.close, 1)

    async def _assign(self, *_: Any, **__: Any) -> None:
        for stage in self._stages:
            stage.open()
        self._assigned = True
        self._assigned_at = time.monotonic()
        assigned = self._app.consumer.assignment()
        # Not what stays here: Faust reads of that only what the changelog has got since.
        self._state.disown(owned_partitions(assigned, self._topics.comments))
        for topic in (self._topics.articles, self._topics.comments, self._topics.scored):
            own = sum(1 for tp in assigned if tp.topic == topic)
            metrics.assigned_partitions.labels(topic).set(own)
        log.info("partitions assigned", partitions=len(assigned))

    async def _restored(self, *_: Any, **__: Any) -> None:
        """State is restored: hold the flow until Faust has sought the committed offsets.

        Faust resumes the partitions first and seeks then. What it reads in between it throws away
        when it resumes the streams, and counts as acknowledged: records would be lost.
        """
        self._app.consumer.stop_flow()
        metrics.state_restore_seconds.set(time.monotonic() - self._assigned_at)

    def _owned(self) -> frozenset[int]:
        """The partitions that this worker reads: the same ones of every topic."""
        if not self._assigned or not self._app.tables.actives_ready:
            return frozenset()
        return owned_partitions(self._app.consumer.assignment(), self._topics.comments)

    async def _revoked(self, *_: Any, **__: Any) -> None:
        self._assigned = False
        # What belongs to another worker from now on must not be reported here as well.
        metrics.lag_records.clear()
        metrics.lag_seconds.clear()
        await self._hand_over()

    async def _shut_down(self, *_: Any, **__: Any) -> None:
        await self._hand_over()

    async def _hand_over(self) -> None:
        """Finish what is being handled and commit it, so that the next owner need not repeat it.

        Faust forgets its acknowledgements before it tells us of a revocation, so the offsets are
        committed here, from the stages' own windows.
        """
        positions: dict[Any, int] = {}
        for closed in await asyncio.gather(*(stage.close() for stage in self._stages)):
            positions |= closed
        if positions:
            await self._app.consumer._commit(positions)  # type: ignore[attr-defined]  # noqa: SLF001

    async def _tick(self) -> None:
        """Once a second: the policy file, lag, health."""
        while True:
            self._refresh_policy()
            try:
                lag = self._measure_lag()
            except Exception:
                log.exception("lag cannot be measured")
                lag = 0
            self._pulse.beat(self._not_ready(lag))
            await asyncio.sleep(_POLICY_SECONDS)

    def _refresh_policy(self) -> None:
        try:
            changed = self._policy.refresh()
        except SettingsError as error:
            metrics.policy_reload_failures.inc()
            metrics.policy_refused.set(1)
            log.warning("policy refused, the old one stays", error=str(error))
            return
        if changed is not None:
            metrics.policy_refused.set(0)
            log.info("policy in force", version=self._policy.policy.version)
            self._publish_info()

    def _publish_info(self) -> None:
        metrics.policy_info.clear()
        metrics.policy_info.labels(self._policy.policy.version).set(1)
        for scorer, version in self._process.models.items():
            metrics.model_info.labels(scorer, version).set(1)
        metrics.build_info.labels(importlib.metadata.version("trollbridge")).set(1)

    def _measure_lag(self) -> int:
        """Set the lag metrics; how many records are surely behind, over all own partitions."""
        now = time.time()
        positions: dict[Any, int] = {}
        oldest: dict[str, float] = {}
        for stage in self._stages:
            positions |= stage.positions()
            oldest |= stage.oldest_waiting()
            metrics.in_flight.labels(stage.name).set(stage.in_flight())
        behind: dict[str, int] = {}
        committed = 0
        consumer: Any = self._app.consumer if self._assigned else None
        changelogs = self._app.tables.changelog_topics
        for tp in consumer.assignment() if consumer else ():
            if tp.topic in changelogs:
                # It is read once, to restore the state.
                continue
            position = positions.get(tp, consumer._committed_offset.get(tp))  # noqa: SLF001
            end = consumer.highwater(tp)
            committed += position or 0
            behind[tp.topic] = behind.get(tp.topic, 0) + max(0, (end or 0) - (position or 0))
        for topic, records in behind.items():
            metrics.lag_records.labels(topic).set(records)
            metrics.lag_seconds.labels(topic).set(max(0.0, now - oldest.get(topic, now)))
        if committed != self._moved[1] or not any(behind.values()):
            self._moved = (time.monotonic(), committed)
        # The last offset of a partition may be a transaction's marker, which is no record.
        return sum(max(0, records - 1) for records in behind.values())

    def _not_ready(self, lag: int) -> str:
        if not self._process.models and not self._settings.scorers:
            return "models are being loaded"
        if not self._assigned:
            return "no partitions assigned yet"
        if not self._app.tables.actives_ready:
            return "state is being restored"
        if not self._articles.caught_up.is_set():
            return "articles are being read"
        stalled = time.monotonic() - self._moved[0]
        if lag and stalled > _STALLED_SECONDS:
            return f"{lag} records behind and no progress for {stalled:.0f} s"
        return ""


async def work(settings: Settings) -> None:
    """Run a worker to its end; TrollbridgeError says in one line why it could not go on."""
    worker = Worker(settings)
    try:
        await worker.run()
    except TrollbridgeError:
        raise
    except Exception as error:
        log.exception("worker failed")
        raise TrollbridgeError(f"worker failed: {type(error).__name__}: {error}") from error
