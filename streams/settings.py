"""Settings: `trollbridge.toml`, then `TROLLBRIDGE_…` in the environment, then flags."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import msgspec

from moderation.errors import SettingsError
from moderation.scoring.protocol import ScoringOptions
from moderation.trolling.campaigns import CampaignSettings

FILE = "trollbridge.toml"
PREFIX = "TROLLBRIDGE_"

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Secret = Annotated[str, msgspec.Meta(extra={"secret": True})]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that a site may set. Times are seconds."""

    brokers: str = "127.0.0.1:9092"
    """Kafka's bootstrap servers, `host:port[,host:port]`."""
    topic_prefix: str = ""
    """Put before every topic name."""
    consumer_group: str = "trollbridge"
    """Consumer group of the workers."""
    policy: str = ""
    """Policy file; empty: the policy that ships with trollbridge."""
    data_dir: str = ".trollbridge"
    """State, caches, stores."""
    metrics_bind: str = "127.0.0.1:9464"
    """Address of /metrics, /healthz and /readyz."""
    review_metrics_bind: str = "127.0.0.1:9465"
    """The same of `review consume` and `review serve`; empty: none."""
    database_url: Secret = ""
    """Store of the review queue, `postgresql://…` or `sqlite:///FILE`; empty: a file in
    `data_dir`."""
    review_lease: Seconds = 600.0
    """How long a moderator's claim holds without activity."""
    review_undo: Seconds = 15.0
    """How long a moderator's decision can be undone; only then is it sent."""
    review_second_looks: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.05
    """Share of decided comments that a second moderator sees, blind."""
    review_golden: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.02
    """Share of claims that get a comment with a known answer, while there are any."""

    console_bind: str = "127.0.0.1:8000"
    """Address of the moderators' console."""
    console_hosts: tuple[str, ...] = ()
    """Names by which browsers reach the console; empty: those of this machine on loopback, and any
    name elsewhere."""
    console_tls_cert: str = ""
    """Certificate chain (PEM) of the console."""
    console_tls_key: str = ""
    """Its key (PEM)."""
    console_trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies whose X-Forwarded-For and -Proto are believed."""
    oidc_issuer: str = ""
    """Identity provider that may vouch for moderators, `https://…`; empty: passwords alone."""
    oidc_client_id: str = ""
    """By which the provider knows the console."""
    oidc_client_secret: Secret = ""
    """The client's secret; empty for a public client."""
    oidc_role_claim: str = "role"
    """Claim that holds `moderator`, `lead` or `admin`, alone or in a list."""

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to speak to Kafka."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """SASL mechanism, when the protocol is SASL_…."""
    sasl_username: str = ""
    """SASL user."""
    sasl_password: Secret = ""
    """SASL password."""
    ssl_cafile: str = ""
    """CA certificates (PEM); empty: those of the system."""
    ssl_certfile: str = ""
    """Client certificate (PEM)."""
    ssl_keyfile: str = ""
    """Client key (PEM)."""
    ssl_key_password: Secret = ""
    """Password of the client key."""
    api_version: Annotated[str, msgspec.Meta(pattern=r"^(\d+(\.\d+)*)?$")] = ""
    """Protocol version of the command-line tools; empty: ask the broker (embedded: 2.0)."""

    partitions: Count = 4
    """Partitions of topics that `topics create` makes."""
    replication: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Replication factor of those; 0: three, or as many as there are brokers."""

    scorers: tuple[str, ...] = ()
    """Scorers by name or `module:factory`; empty: the built-in ones."""
    toxicity_backend: Literal["auto", "detoxify", "builtin"] = "auto"
    """Which toxicity model runs."""
    detoxify_variant: str = "original"
    """Detoxify's model when no checkpoint is named."""
    detoxify_checkpoint: str = ""
    """A local Detoxify checkpoint file."""
    detoxify_config: str = ""
    """Folder with its config.json and tokenizer; empty: the checkpoint's own folder."""
    detoxify_sha256: str = ""
    """SHA-256 that the checkpoint must have; empty: any."""
    detoxify_precision: Literal["auto", "int8", "fp32"] = "auto"
    """Arithmetic of the exported model; `auto`: int8 where no score is off by more than 0.03."""
    scoring_threads: Count = 2
    """CPU threads that the models may use."""
    scoring_timeout: Seconds = 10.0
    """A batch that takes longer counts as hung; its process is replaced."""
    scoring_attempts: Count = 2
    """How often a comment is tried before it is dead-lettered as `scoring_failed`."""

    batch_size: Count = 64
    """Most comments in a micro-batch."""
    batch_wait: Seconds = 0.01
    """Longest wait for a micro-batch to fill."""
    max_in_flight: Count = 512
    """Most records read and not yet acknowledged, in each agent."""

    article_wait: Seconds = 2.0
    """How long a comment waits for its article before it is scored without it."""
    articles_kept: Count = 5_000
    """Recent articles that a worker keeps at hand."""
    threads_kept: Count = 5_000
    """Recent threads that a worker keeps at hand."""
    thread_length: Count = 20
    """Comments kept of each thread."""

    state_store: Literal["auto", "memory", "rocksdb"] = "auto"
    """Where the state of authors, threads and campaigns is; `auto`: on disk where rocksdict is
    installed."""
    state_authors: Count = 200_000
    """Most authors that a worker remembers; those silent for longest are forgotten first."""
    state_threads: Count = 50_000
    """Most threads that a worker remembers."""
    state_campaigns: Count = 200_000
    """Most comments and groups of alike ones that a worker remembers."""
    author_salt: Secret = ""
    """Secret by which authors get pseudonyms in the state of others, the same for all workers, at
    most 64 bytes; empty: a known one, so that pseudonyms can be guessed."""
    troll_signals_off: tuple[str, ...] = ()
    """Signals of author behaviour that are switched off, by name."""
    heat_signals_off: tuple[str, ...] = ()
    """Signals of thread heat that are switched off, by name."""
    campaign_authors: Annotated[int, msgspec.Meta(ge=2)] = 3
    """As many authors make a campaign of alike comments."""
    campaign_comments: Annotated[int, msgspec.Meta(ge=2)] = 5
    """Or as many comments, by two authors at least."""
    campaign_similarity: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    """Share of words in common from which on two comments are alike."""
    campaign_window: Annotated[float, msgspec.Meta(gt=0)] = 86_400.0
    """Within which one comment of a campaign follows another."""

    deadletters_in_a_row: Count = 1_000
    """More dead letters than this in a row stop the worker."""
    deadletters_share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8
    """A larger share of dead letters among the last 2,000 records stops the worker."""

    log_format: Literal["auto", "console", "json"] = "auto"
    """`auto`: console on a terminal, JSON otherwise."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe messages that are logged."""

    def scoring_options(self) -> ScoringOptions:
        """What the scorers' factories are given."""
        return ScoringOptions(
            toxicity_backend=self.toxicity_backend,
            detoxify_checkpoint=self.detoxify_checkpoint,
            detoxify_variant=self.detoxify_variant,
            detoxify_config=self.detoxify_config,
            detoxify_sha256=self.detoxify_sha256,
            detoxify_precision=self.detoxify_precision,
            data_dir=self.data_dir,
            threads=self.scoring_threads,
        )

    def campaigns(self) -> CampaignSettings:
        """What makes a campaign."""
        return CampaignSettings(
            authors=self.campaign_authors,
            members=self.campaign_comments,
            similarity=self.campaign_similarity,
            window_seconds=self.campaign_window,
        )

    def environment(self) -> dict[str, str]:
        """The variables that give another process these settings."""
        return {
            PREFIX + name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
            for name, value in msgspec.structs.asdict(self).items()
        }

    def bind(self, name: str = "metrics_bind") -> tuple[str, int]:
        """Host and port of this setting; SettingsError when it is neither."""
        value: str = getattr(self, name)
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit():
            raise SettingsError(f"{name}={value!r} is not host:port")
        return host.strip("[]"), int(port)


class Configured(msgspec.Struct, frozen=True):
    """Settings, with where each value came from."""

    settings: Settings
    origins: dict[str, str]

    def replace(self, origin: str, **values: Any) -> Self:
        """The same with other values, all from `origin`; None leaves a value alone."""
        given = {name: value for name, value in values.items() if value is not None}
        merged = msgspec.structs.asdict(self.settings) | given
        return type(self)(_converted(merged, origin), self.origins | dict.fromkeys(given, origin))


_LISTS: Final = frozenset(
    name for name, value in msgspec.structs.asdict(Settings()).items() if isinstance(value, tuple)
)
"""Settings that are lists."""


def is_secret(name: str) -> bool:
    """Whether a setting's value must not be shown."""
    field = next(f for f in msgspec.inspect.type_info(Settings).fields if f.name == name)  # type: ignore[attr-defined]
    return isinstance(field.type, msgspec.inspect.Metadata) and bool(field.type.extra)


def load(
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Configured:
    """Read the settings; SettingsError names the setting and the place when one is wrong.

    `file` must exist when named; without it `trollbridge.toml` in the working folder is read
    when there is one.
    """
    configured = Configured(Settings(), dict.fromkeys(Settings.__struct_fields__, "default"))
    path = file or Path(FILE)
    if file is not None or path.is_file():
        configured = configured.replace(str(path), **_known(_table(path), str(path)))
    environment = os.environ if environment is None else environment
    for variable, text in environment.items():
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name in Settings.__struct_fields__:
            configured = configured.replace(variable, **{name: _from_text(name, text)})
    for name, value in (flags or {}).items():
        if value is not None:
            configured = configured.replace(f"--{name.replace('_', '-')}", **{name: value})
    return configured


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _known(table: dict[str, Any], origin: str) -> dict[str, Any]:
    unknown = table.keys() - set(Settings.__struct_fields__)
    if unknown:
        raise SettingsError(f"{origin}: unknown setting {min(unknown)!r}")
    return table


def _from_text(name: str, text: str) -> Any:
    """A list is written with commas in the environment."""
    if name in _LISTS:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _converted(values: dict[str, Any], origin: str) -> Settings:
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        place = str(error).partition("at `$.")[2].rstrip("`")
        reason = str(error).partition(" - at")[0]
        raise SettingsError(f"{origin}: {place}: {reason}") from error
