"""How the console says things: names of codes, ages, addresses."""

import datetime as dt
from typing import Final
from urllib.parse import quote

NAMES: Final[dict[str, str]] = {
    "toxicity": "Hostile",
    "severe_toxicity": "Very hostile",
    "obscene": "Obscene",
    "threat": "Threat",
    "insult": "Insult",
    "identity_attack": "Identity attack",
    "sexual_explicit": "Sexually explicit",
    "evasion": "Masked words",
    "sarcasm": "Sarcasm",
    "joke": "Joke",
    "off_topic": "Off topic",
    "off_topic_joke": "Off-topic joke",
    "troll": "Provocation",
    "campaign": "Campaign",
    "thread_heat": "Heated thread",
    "unsupported_language": "Language unknown to the models",
    "spam": "Spam",
    "personal_data": "Personal data",
    "illegal": "Illegal",
    "other": "Other",
}
"""Short names of reason codes."""

KEYS: Final[dict[str, str]] = {
    "toxicity": "t",
    "severe_toxicity": "v",
    "obscene": "o",
    "threat": "h",
    "insult": "i",
    "identity_attack": "a",
    "sexual_explicit": "x",
    "evasion": "m",
    "sarcasm": "s",
    "off_topic": "f",
    "off_topic_joke": "j",
    "troll": "p",
    "campaign": "c",
    "spam": "w",
    "personal_data": "d",
    "illegal": "l",
    "other": "z",
}
"""The key of each rejection's reason, after `r`."""

SAID: Final[dict[str, str]] = {
    "approve": "Approved",
    "reject": "Rejected",
    "ban_suggest": "Rejected, ban suggested",
    "escalate": "Escalated to a lead",
    "skip": "Skipped",
    "reopen": "Opened again",
}
"""What an action has done."""

NATURES: Final[dict[str, str]] = {
    "habit": "Habit: this author writes so anywhere",
    "circumstance": "Circumstance: the tone of the threads, more than the author",
    "none": "Nothing in the author's conduct stands out",
}

_STEPS: Final = ((60.0, "s"), (60.0, "min"), (24.0, "h"), (7.0, "d"))


def name(code: str) -> str:
    """A reason code in words; one that we do not know is readable, too."""
    return NAMES.get(code) or code.replace("_", " ").capitalize()


def age(seconds: float) -> str:
    """How long ago, in one unit: `40 s`, `12 min`, `3 h`, `2 d`, `5 w`."""
    value = max(0.0, seconds)
    for size, unit in _STEPS:
        if value < size:
            return f"{int(value)} {unit}"
        value /= size
    return f"{int(value)} w"


def iso(seconds: float) -> str:
    """RFC 3339, UTC, to the second."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")


def clock(seconds: float) -> str:
    """Hour and minute, UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%H:%M UTC")


def quoted(text: str) -> str:
    """Any text as one part of a path."""
    return quote(text, safe="")


def percent(share: float) -> str:
    """0..1 as whole percent."""
    return f"{share:.0%}"
