"""Recent campaigns at hand on each worker, so that a copy of a known text is marked as it comes."""

from collections import OrderedDict
from typing import NamedTuple

from moderation.errors import RecordError
from moderation.records import Scored
from moderation.trolling.campaigns import CampaignRecord, CampaignSettings, decode_record
from moderation.trolling.minhash import Signature, signature, similarity


class _Known(NamedTuple):
    record: CampaignRecord
    signed: Signature


class CampaignShelf:
    """The campaigns that were told of last; what a new comment shares a band with is compared.

    Who comes before the campaign is one, or in the moment in which it becomes one, is named by its
    record on the topic `campaigns` alone.
    """

    def __init__(self, *, keep: int, settings: CampaignSettings) -> None:
        self._keep = keep
        self._settings = settings
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._bands: dict[str, dict[str, None]] = {}

    def take(self, _: bytes | None, value: bytes | None) -> None:
        """Take a record of the topic `campaigns`."""
        if value is None:
            return
        try:
            record = decode_record(value)
        except RecordError:
            # Only this worker's peers write here; the queue's reader dead-letters what is broken.
            return
        self._drop(record.id)
        signed = signature(record.text) if record.text else None
        if record.merged_into or signed is None:
            return
        self._known[record.id] = _Known(record, signed)
        for band in signed.bands:
            self._bands.setdefault(band, {})[record.id] = None
        while len(self._known) > self._keep or self._is_over(next(iter(self._known)), record):
            self._drop(next(iter(self._known)))

    def _is_over(self, campaign_id: str, latest: CampaignRecord) -> bool:
        """Whether a campaign is so old that no text of it need be kept."""
        last_seen = self._known[campaign_id].record.last_seen
        return latest.last_seen - last_seen > self._settings.window_seconds

    def mark(self, scored: Scored, signed: Signature) -> None:
        """Put into a comment's record which campaign it belongs to, and how like its text is."""
        found = self._find(signed, scored.arrived_at)
        if found is None:
            return
        record, likeness = found
        scored.campaign = record.id
        scored.scores["campaign"] = round(likeness, 4)
        scored.details["campaign"] = (
            f"Nearly the same text {record.comments} times by {record.authors} authors"
            f" in {record.articles} article{'' if record.articles == 1 else 's'}"
        )

    def _find(self, signed: Signature, now: float) -> tuple[CampaignRecord, float] | None:
        met = {name: None for band in signed.bands for name in self._bands.get(band, ())}
        best: tuple[CampaignRecord, float] | None = None
        for name in met:
            known = self._known[name]
            if now - known.record.last_seen > self._settings.window_seconds:
                continue
            likeness = similarity(known.signed.sketch, signed.sketch)
            if likeness >= self._settings.similarity and (best is None or likeness > best[1]):
                best = known.record, likeness
        return best

    def _drop(self, campaign_id: str) -> None:
        known = self._known.pop(campaign_id, None)
        if known is None:
            return
        for band in known.signed.bands:
            names = self._bands[band]
            del names[campaign_id]
            if not names:
                del self._bands[band]
