"""From Kafka to a moderator's key, and back to Kafka, through real processes."""

import signal
from pathlib import Path

import msgspec
from playwright.sync_api import Browser, expect

from moderation.records import Decided, decode_decided
from tests.broker.review_reader import send_flagged
from tests.console import ConsoleProcess
from tests.pipeline import Pipeline, until

_PASSWORD = "green bridges at dawn"  # noqa: S105 - of a test


def test_flagged_to_decided(embedded: Pipeline, tmp_path: Path, chromium: Browser) -> None:
    """A flagged comment comes up without a reload, is decided by one key, and Kafka is told.

    The process ends at once when it is told to, with a page open.
    """
    settings = msgspec.structs.replace(
        embedded.settings,
        database_url=f"sqlite:///{tmp_path / 'review.db'}",
        data_dir=str(tmp_path),
        review_undo=0.3,
        review_second_looks=0.0,
        review_golden=0.0,
    )
    environment = settings.environment()
    console = ConsoleProcess(tmp_path, **environment)
    context = chromium.new_context()
    try:
        console.healthy()
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(console.first_link())
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(_PASSWORD)
        page.get_by_label("The same again").fill(_PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Nothing waits").first).to_be_visible()
        send_flagged(embedded, 1)
        expect(page.locator("#focus > .item")).to_have_attribute("data-item", "c0", timeout=30_000)
        # What appears by itself cannot be decided before there was time for a glance.
        expect(page.locator("#focus")).not_to_have_attribute("aria-busy", "true")
        page.keyboard.press("r")
        page.keyboard.press("i")
        (decided,) = until(lambda: _decisions(embedded), "the decision in Kafka", within=30)
        assert ("c0", "reject", "insult", "ada") == (
            decided.id,
            decided.decision,
            decided.reason,
            decided.moderator,
        )
        assert [] == complaints
        assert 0 == console.end(signal.SIGTERM), console.log.read_text()
    finally:
        context.close()
        console.close()


def _decisions(pipeline: Pipeline) -> list[Decided]:
    return [decode_decided(record.value) for record in pipeline.read(pipeline.topics.decisions)]
