"""All of the worker's tables, and who reads and changes them."""

from collections.abc import Callable
from typing import Any, Final

import faust
import structlog

from moderation.errors import SettingsError
from moderation.trolling import heat, troll
from moderation.trolling.bands import BandState
from moderation.trolling.campaigns import CampaignState
from moderation.trolling.pseudonym import pseudonym
from moderation.trolling.rows import AUTHORS, THREADS, Codec
from streams.outbox import Outbox
from streams.settings import Settings
from streams.state import sweep
from streams.state.authors import Authors
from streams.state.campaigns import Bands, Campaigns
from streams.state.restore import BulkRecovery
from streams.state.sweep import Sweeper
from streams.state.tables import StateTable
from streams.state.threads import ThreadRows
from streams.topics import Topics

log = structlog.get_logger(__name__)

_KNOWN_SALT: Final = b"trollbridge"


class State:
    """What is remembered of authors, threads, bands and campaigns."""

    def __init__(
        self, app: faust.App, settings: Settings, *, topics: Topics, outbox: Outbox
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._outbox = outbox
        salt = _salt(settings)
        authors = StateTable(app, "authors", AUTHORS, topics=topics, outbox=outbox)
        self.authors = Authors(
            authors, salt=salt, disabled=troll.known_signals(settings.troll_signals_off)
        )
        threads = StateTable(app, "threads", THREADS, topics=topics, outbox=outbox)
        self.threads = ThreadRows(
            threads, salt=salt, disabled=heat.known_signals(settings.heat_signals_off)
        )
        bands = StateTable(app, "bands", Codec(BandState, "a band"), topics=topics, outbox=outbox)
        self.bands = Bands(bands, settings.campaigns())
        campaigns = StateTable(
            app, "campaigns", Codec(CampaignState, "a campaign"), topics=topics, outbox=outbox
        )
        self.campaigns = Campaigns(campaigns, settings.campaigns())
        manager: Any = app.tables
        manager._recovery = BulkRecovery(app, settings=settings)  # noqa: SLF001 - there is no setting

    def sweeper(
        self, *, owned: Callable[[], frozenset[int]], on_fatal: Callable[[Exception], None]
    ) -> Sweeper:
        """The service that keeps the tables within their bounds."""
        settings = self._settings
        return Sweeper(
            [
                sweep.authors(self.authors.table, settings.state_authors),
                sweep.threads(self.threads.table, settings.state_threads),
                sweep.band_rows(self.bands.table, self.bands.settings),
                sweep.campaign_rows(
                    self.campaigns.table, self.campaigns.settings, settings.state_campaigns
                ),
            ],
            self.threads,
            heat_topic=self._topics.heat,
            owned=owned,
            outbox=self._outbox,
            on_fatal=on_fatal,
        )

    def disown(self, owned: frozenset[int]) -> None:
        """Drop what belongs to other workers from now on."""
        for table in (
            self.authors.table,
            self.threads.table,
            self.bands.table,
            self.campaigns.table,
        ):
            table.disown(owned)


def _salt(settings: Settings) -> bytes:
    """The secret of the pseudonyms; SettingsError when it is too long."""
    salt = settings.author_salt.encode()
    if not salt:
        log.warning("author_salt is not set: whoever reads the state can guess pseudonyms")
        return _KNOWN_SALT
    try:
        pseudonym("", salt)
    except SettingsError as error:
        raise SettingsError(f"author_salt: {error}") from error
    return salt
