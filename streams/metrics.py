"""Every metric that a worker exports. Times are seconds; names begin with `trollbridge_`."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from moderation.language import NAMES

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_MOST_SECTIONS: Final = 50

comments = Counter(
    "trollbridge_comments",
    "Comments judged, by outcome: allow or review",
    ["outcome", "section"],
    registry=REGISTRY,
)
reasons = Counter(
    "trollbridge_reasons",
    "Reasons for which comments went to review",
    ["reason"],
    registry=REGISTRY,
)
unsupported = Counter(
    "trollbridge_unsupported",
    "Comments judged that scorers could not read, by detected language",
    ["lang"],
    registry=REGISTRY,
)
possible_bias = Counter(
    "trollbridge_possible_bias",
    "Reasons that an exchanged identity term would clear",
    ["code"],
    registry=REGISTRY,
)
outcome_seconds = Histogram(
    "trollbridge_outcome_seconds",
    "From a comment's arrival in Kafka to its confirmed outcome",
    buckets=_LATENCY,
    registry=REGISTRY,
)
scoring_seconds = Histogram(
    "trollbridge_scoring_seconds",
    "Time that a scorer takes for a micro-batch",
    ["scorer"],
    buckets=_LATENCY,
    registry=REGISTRY,
)
batch_size = Histogram(
    "trollbridge_batch_size",
    "Records in a micro-batch",
    ["agent"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)
in_flight = Gauge(
    "trollbridge_in_flight_records",
    "Records read and not yet acknowledged",
    ["agent"],
    registry=REGISTRY,
)
lag_records = Gauge(
    "trollbridge_lag_records",
    "Records between the committed offset and the end of the topic, own partitions",
    ["topic"],
    registry=REGISTRY,
)
lag_seconds = Gauge(
    "trollbridge_lag_seconds",
    "Age of the oldest record that is not yet acknowledged",
    ["topic"],
    registry=REGISTRY,
)
dead_letters = Counter(
    "trollbridge_dead_letters", "Records that could not be processed", ["code"], registry=REGISTRY
)
retries = Counter(
    "trollbridge_retries",
    "Repeated attempts after a transient fault",
    ["what"],
    registry=REGISTRY,
)
articles_missing = Counter(
    "trollbridge_articles_missing",
    "Comments scored without their article, which did not arrive in time",
    registry=REGISTRY,
)
duplicates = Counter(
    "trollbridge_duplicates_dropped", "Redelivered records that were recognised", registry=REGISTRY
)
articles_kept = Gauge(
    "trollbridge_articles_kept", "Articles at hand on this worker", registry=REGISTRY
)
troll = Histogram(
    "trollbridge_troll",
    "What authors' conduct said when they commented: 0 to 1",
    buckets=(0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    registry=REGISTRY,
)
heat = Histogram(
    "trollbridge_heat",
    "Forecast of the thread, with each comment: 0 to 1",
    buckets=(0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1),
    registry=REGISTRY,
)
threads_hot = Gauge(
    "trollbridge_threads_hot", "Threads of own partitions that are hot now", registry=REGISTRY
)
threads_tipped = Counter("trollbridge_threads_tipped", "Threads that became hot", registry=REGISTRY)
campaigns = Counter("trollbridge_campaigns", "Campaigns found", registry=REGISTRY)
campaign_comments = Counter(
    "trollbridge_campaign_comments",
    "Comments that were found to be in a campaign",
    registry=REGISTRY,
)
state_rows = Gauge(
    "trollbridge_state_rows",
    "Rows of a table of state, own partitions, at the last pass",
    ["table"],
    registry=REGISTRY,
)
state_expired = Counter(
    "trollbridge_state_expired",
    "Rows that went since nothing was heard for long",
    ["table"],
    registry=REGISTRY,
)
state_evicted = Counter(
    "trollbridge_state_evicted",
    "Rows, or comments of a band, that went for want of room",
    ["table"],
    registry=REGISTRY,
)
state_damaged = Counter(
    "trollbridge_state_damaged",
    "Rows that could not be read and began anew",
    ["table"],
    registry=REGISTRY,
)
state_restore_seconds = Gauge(
    "trollbridge_state_restore_seconds",
    "Time that the last restoring of state took, from the assignment of partitions on",
    registry=REGISTRY,
)
assigned_partitions = Gauge(
    "trollbridge_assigned_partitions",
    "Partitions that this worker reads",
    ["topic"],
    registry=REGISTRY,
)
ready = Gauge("trollbridge_ready", "1 when /readyz says ready", registry=REGISTRY)
policy_reload_failures = Counter(
    "trollbridge_policy_reload_failures",
    "Changed policy files that were refused; the old policy stays",
    registry=REGISTRY,
)
policy_refused = Gauge(
    "trollbridge_policy_refused",
    "1 while the policy file is broken and an older policy is in force",
    registry=REGISTRY,
)
model_info = Gauge(
    "trollbridge_model_info",
    "1 for each scorer that runs",
    ["scorer", "version"],
    registry=REGISTRY,
)
policy_info = Gauge(
    "trollbridge_policy_info", "1 for the policy in force", ["version"], registry=REGISTRY
)
build_info = Gauge("trollbridge_build_info", "1, with the version", ["version"], registry=REGISTRY)

_sections: set[str] = set()


def section_label(section: str) -> str:
    """The section as a label; past fifty the rest are `other`, since labels cost memory."""
    label = section.strip().lower()[:40] or "none"
    if label not in _sections:
        if len(_sections) >= _MOST_SECTIONS:
            return "other"
        _sections.add(label)
    return label


def language_label(lang: str) -> str:
    """The ISO 639 code as a label; `other` for what the detector has no name for."""
    return lang if lang in NAMES else "other"
