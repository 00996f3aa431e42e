"""A console whose every text is hostile, and what its pages are made of."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from moderation.records import Conduct, Context, Forecast, Reason, Utterance
from moderation.review import campaigns, threads
from moderation.review.intake import take_in, take_in_edits
from moderation.scoring.protocol import Span
from moderation.trolling.campaigns import CampaignRecord
from moderation.trolling.heat import HeatRecord
from moderation.trolling.logistic import Contribution
from tests.browser.payloads import PAYLOADS
from tests.moderation.review.desk import ANNA, Desk, judged


def furnish(desk: Desk) -> None:
    """One comment for each payload, with it in every field, a quarter of them decided."""
    for number, text in enumerate(PAYLOADS):
        _comment(desk, number, text)
    for number in range(0, len(PAYLOADS), 4):
        desk.time += 1
        desk.decide(
            f"{number} {PAYLOADS[number]}",
            "reject",
            person=ANNA,
            reason="off_topic",
            note=PAYLOADS[number],
            despite_precedent=True,
        )
    # A later form of a decided comment, to be compared with the one before.
    _comment(desk, 4, PAYLOADS[4], revision=1)
    # One in which nothing is flagged any more.
    edited = judged(f"5 {PAYLOADS[5]}", decision="allow", reasons={}, revision=1, text=PAYLOADS[5])
    take_in_edits(desk.store, [edited])


def paths() -> list[str]:
    """Every page that shows such a text, or repeats what it was asked."""
    found = ["/", "/campaigns?show=all", "/threads", "/decisions", "/quality", "/users", "/me"]
    for number, text in enumerate(PAYLOADS):
        said = quote(text, safe="")
        # A line's end in an address is no part of any path.
        found.append(f"/items/{number}%20{said}")
        if number % 6 == 0:
            found += [
                f"/?q={said}&section={said}&author={said}&article={said}&campaign={said}",
                f"/?reason={said}&age={said}&item={said}&done={said}",
                f"/campaigns/{said}",
                f"/decisions?person={said}&section={said}&author={said}&reason={said}&since={said}",
                f"/login?next={said}",
                f"/me?done={said}",
                f"/nowhere/{said}",
                f"/parts?need=focus,next,list&item={said}",
                f"/bulk?q={said}&campaign={said}&ids={said}",
            ]
    return found


def _comment(desk: Desk, number: int, text: str, **fields: Any) -> None:
    contribution = Contribution(text, 1.0, text)
    record = judged(
        f"{number} {text}",
        text=text,
        author_name=text,
        author_id=f"{number % 5} {text}" if number % 2 else text[:200] or "x",
        article_id=text,
        section=text,
        parent_id=text,
        parent_text=text,
        context=Context(conversation=[Utterance(text, text, text, text)]),
        lang=text,
        detected_lang=text,
        created_at=text,
        campaign=text,
        evidence=[Span(0, len(text), "off_topic")],
        conduct=Conduct("habit", [contribution]),
        forecast=Forecast(0.7, 0.2, text, text),
        models={text: text},
        policy=text,
        **fields,
    )
    record.reasons = [Reason("off_topic", 0.9, 0.5, text, passage=text), Reason(text, 0.6, 0.5)]
    take_in(desk.store, [record])
    campaigns.take_in(
        desk.store,
        [
            CampaignRecord(
                id=text,
                comments=3,
                authors=3,
                articles=1,
                first_seen=desk.time - 60,
                last_seen=desk.time,
                text=text,
                varying=[[text, text + "2"], ["", text]],
                article_ids=[text],
                joined=[f"{number} {text}#0"],
            )
        ],
    )
    heat = HeatRecord(
        article_id=text, heat=0.8, tipped=f"{number} {text}", contributions=[contribution],
        at=desk.time,
    )  # fmt: skip
    threads.take_in(desk.store, [heat])


class Parts(HTMLParser):
    """A page taken apart as a browser does, roughly."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.texts: list[str] = []
        self.forms: list[bool] = []
        """Of each form that posts whether it has the token."""
        self._script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look for what runs, loads from elsewhere, or styles."""
        given = {name: value or "" for name, value in attrs}
        self.texts += given.values()
        if tag in _NEVER:
            self.faults.append(f"<{tag}>")
        for name, value in given.items():
            if name.startswith("on") or name in {"style", "srcdoc", "formaction", "ping"}:
                self.faults.append(f"{tag} {name}")
            if name in {"href", "src", "action", "xlink:href", "data"} and not _ours(value):
                self.faults.append(f"{tag} {name}={value[:60]}")
        if tag == "script":
            self._script = True
            if not given.get("src", "").startswith("/static/"):
                self.faults.append("script without src")
        if tag == "form":
            self.forms.append(given.get("method", "get").lower() != "post")
        if tag == "input" and given.get("name") == "csrf" and given.get("value") and self.forms:
            self.forms[-1] = True

    def handle_endtag(self, tag: str) -> None:
        """A script's end."""
        if tag == "script":
            self._script = False

    def handle_data(self, data: str) -> None:
        """Text, which must not stand in a script."""
        if self._script and data.strip():
            self.faults.append("inline script")
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        """None is sent."""
        self.faults.append(f"comment {data[:40]}")


_NEVER = {
    "base", "embed", "iframe", "object", "style", "plaintext", "xmp", "marquee", "math", "noscript",
    "frame", "frameset", "applet", "audio", "video", "source", "template", "img", "animate", "use",
}  # fmt: skip


def _ours(address: str) -> bool:
    """Whether an address leads to a page of the console."""
    return address.startswith(("/", "?", "#")) and not address.startswith(("//", "/\\"))


def plain(text: str) -> str:
    """A text without regard to white space, which HTML does not keep."""
    return "".join(text.split())
