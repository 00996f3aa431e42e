"""Every metric of the review queue. Times are seconds; names begin with `trollbridge_review_`.

What is counted here this process has done. What is measured is the whole store's, and every process
on the store says the same of it.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

records = Counter(
    "trollbridge_review_records",
    "Records read into the store, by topic",
    ["topic"],
    registry=REGISTRY,
)
comments = Counter(
    "trollbridge_review_comments",
    "Flagged comments read: new, updated, reopened or repeated; harmless: edited to be so",
    ["outcome"],
    registry=REGISTRY,
)
dead_letters = Counter(
    "trollbridge_review_dead_letters",
    "Records that the store could not hold",
    ["code"],
    registry=REGISTRY,
)
sent = Counter(
    "trollbridge_review_decisions_sent",
    "Decisions that the broker has confirmed",
    registry=REGISTRY,
)
store_retries = Counter(
    "trollbridge_review_store_retries",
    "Repeated attempts because the database did not answer",
    registry=REGISTRY,
)
ready = Gauge("trollbridge_review_ready", "1 when /readyz says ready", registry=REGISTRY)

waiting = Gauge(
    "trollbridge_review_waiting_items",
    "Items that wait for a decision, by state",
    ["state"],
    registry=REGISTRY,
)
oldest = Gauge(
    "trollbridge_review_oldest_seconds",
    "Age of the item that has waited longest; 0 when none waits",
    registry=REGISTRY,
)
decisions = Counter(
    "trollbridge_review_decisions",
    "Decisions made in the store since this process started, by action",
    ["action"],
    registry=REGISTRY,
)
outbox = Gauge(
    "trollbridge_review_outbox_records",
    "Decisions that are not sent yet",
    registry=REGISTRY,
)
