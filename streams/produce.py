"""Pages and JSON lines into `articles` and `comments`."""

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from moderation.errors import BrokerError, PageError, RecordError
from moderation.pages import Page, parse_page
from moderation.records import Article, Comment, decode_article, decode_comment, encode
from streams.clients import producer, reaching
from streams.settings import Settings
from streams.topics import Topics

Stamp = Callable[[Comment], float | None]
"""When a comment came, in seconds since the epoch; None: now."""

_CONFIRM_SECONDS = 60.0
_OPEN_SENDS = 10_000


class Reject(msgspec.Struct):
    """An input line that was not sent."""

    file: str
    line: int
    code: str
    reason: str
    text: str
    """The line itself, bytes that are not UTF-8 escaped."""


class Produced(msgspec.Struct):
    """What a run of `produce` sent, and what it did not."""

    articles: int = 0
    comments: int = 0
    rejects: list[Reject] = []


def page_records(page: Page, *, name: str) -> tuple[Article, list[Comment]]:
    """An article page as records; ids follow from the page, so that a second run gives the same.

    Readers are known by their names alone, so the name is the author id. A comment that quotes
    another reader answers that reader's last comment before it.
    """
    title = page.article.title
    text = "\n".join(page.article.paragraphs)
    digest = hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()[:16]
    article = Article(
        id=f"page-{digest}", title=title[:1_000], text=text, published_at=page.article.date
    )
    comments: list[Comment] = []
    for number, said in enumerate(page.comments, start=1):
        parent_id, parent_text = "", ""
        if said.quotes is not None:
            parent_text = said.quotes.text
            for earlier in comments:
                if earlier.author_name == said.quotes.author:
                    parent_id, parent_text = earlier.id, said.quotes.text or earlier.text
        comments.append(
            Comment(
                id=f"page-{digest}-{number}",
                article_id=article.id,
                author_id=said.author[:256] or name,
                author_name=said.author[:1_000],
                text=said.text,
                parent_id=parent_id,
                parent_text=parent_text,
                created_at=page.article.date,
            )
        )
    return article, comments


def produce(
    settings: Settings,
    files: Iterable[tuple[str, BinaryIO]],
    *,
    on_record: Callable[[], None] = lambda: None,
    rate: float = 0.0,
    stamp: Stamp | None = None,
) -> Produced:
    """Send pages and JSON lines; wait until the broker has them all.

    A line with `article_id` is a comment, any other an article. `rate` bounds the comments a
    second; 0 sends as fast as the broker takes them. `stamp` gives a comment's time in Kafka, which
    is now without it. BrokerError when the broker does not take a record.
    """
    rejects: list[Reject] = []
    records = (record for name, stream in files for record in _records(name, stream, rejects))
    done = send_records(settings, records, on_record=on_record, rate=rate, stamp=stamp)
    done.rejects = rejects
    return done


def send_records(
    settings: Settings,
    records: Iterable[Article | Comment],
    *,
    on_record: Callable[[], None] = lambda: None,
    rate: float = 0.0,
    stamp: Stamp | None = None,
) -> Produced:
    """Send records as they come, and wait until the broker has them all; as `produce` does."""
    done = Produced()
    topics = Topics(settings.topic_prefix)
    sends: list[Any] = []
    started = time.monotonic()
    with reaching(settings), producer(settings) as client:
        for record in records:
            if isinstance(record, Article):
                done.articles += 1
                send = _send(client, topics.articles, record.id, record)
            else:
                done.comments += 1
                if rate:
                    time.sleep(max(0.0, started + done.comments / rate - time.monotonic()))
                at = stamp(record) if stamp else None
                send = _send(client, topics.comments, record.article_id, record, at)
            sends.append(send)
            on_record()
            if len(sends) >= _OPEN_SENDS:
                _confirm(sends)
        client.flush(timeout=_CONFIRM_SECONDS)
        _confirm(sends)
    return done


def created(comment: Comment, *, later: float = 0.0) -> float | None:
    """When a comment was written, in seconds since the epoch, plus `later`; None if unknown."""
    try:
        at = dt.datetime.fromisoformat(comment.created_at)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp() + later


def _send(
    client: KafkaProducer,
    topic: str,
    key: str,
    record: Article | Comment,
    at: float | None = None,
) -> Any:
    stamp = None if at is None else round(at * 1_000)
    return client.send(topic, key=key.encode(), value=encode(record), timestamp_ms=stamp)


def _confirm(sends: list[Any]) -> None:
    """Wait for the broker's word on each record; BrokerError when it refuses one."""
    for send in sends:
        try:
            send.get(timeout=_CONFIRM_SECONDS)
        except KafkaError as error:
            raise BrokerError(f"the broker did not take a record: {error}") from error
    sends.clear()


def _records(name: str, stream: BinaryIO, rejects: list[Reject]) -> Iterator[Article | Comment]:
    """Records of one file; what is none goes to `rejects` with its line."""
    first = stream.readline()
    if first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        number = 0
        line = first
        while line:
            number += 1
            if line.strip():
                try:
                    yield _decode(line)
                except RecordError as error:
                    text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
                    rejects.append(Reject(name, number, error.code, str(error), text))
            line = stream.readline()
        return
    try:
        page = parse_page(first + stream.read())
    except PageError as error:
        raise PageError(f"{name}: {error}") from error
    article, comments = page_records(page, name=Path(name).stem)
    yield article
    for number, comment in enumerate(comments, start=2):
        try:
            yield decode_comment(encode(comment))
        except RecordError as error:
            rejects.append(Reject(name, number, error.code, str(error), comment.text))


def _decode(line: bytes) -> Article | Comment:
    line = line.removeprefix(b"\xef\xbb\xbf")
    if b'"article_id"' in line:
        return decode_comment(line)
    return decode_article(line)
