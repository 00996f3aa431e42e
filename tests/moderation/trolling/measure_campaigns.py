"""How well campaigns are found: `python -m tests.moderation.trolling.measure_campaigns`.

Give a CSV file with a text in the second column to see what is found among ordinary comments, all
of them taken for comments of one day by different authors.
"""

import argparse
import csv
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from moderation.trolling.campaigns import Member
from tests.moderation.trolling.campaign_flow import Flow
from tests.moderation.trolling.campaign_texts import Comment, traffic


class Figures(msgspec.Struct):
    """Hits and totals; they add up over runs."""

    right: int = 0
    """Comments in a group that are of the campaign that most of the group are of."""
    grouped: int = 0
    """Comments in any group that counts as a campaign."""
    recall: defaultdict[tuple[float, int], list[int]] = msgspec.field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    """By share of words changed and length in words: members found, all."""
    planted: int = 0
    whole: int = 0
    """Campaigns that came out as one group."""

    @property
    def precision(self) -> float:
        """Share of the grouped comments that are where they belong."""
        return self.right / self.grouped if self.grouped else 1.0

    def recalled(self, rates: Iterable[float] = (), lengths: Iterable[int] = ()) -> float:
        """Share of the members that are in their campaign's group."""
        chosen = [
            counts
            for (rate, length), counts in self.recall.items()
            if (not rates or rate in rates) and (not lengths or length in lengths)
        ]
        return sum(hits for hits, _ in chosen) / max(1, sum(total for _, total in chosen))


LENGTHS = (20, 40, 80)
"""Upper ends of the classes that texts are counted in."""


def measure(comments: Sequence[Comment], figures: Figures, flow: Flow) -> None:
    """Send comments through the flow and count what it made of them."""
    for comment in comments:
        flow.post(comment.member, comment.text)
    truth = {comment.member.item_id: comment for comment in comments}
    best: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for campaign in flow.campaigns().values():
        members = [truth[member.item_id] for member in campaign.members]
        names = Counter(member.campaign for member in members if member.campaign)
        figures.grouped += len(members)
        if names:
            name, count = names.most_common(1)[0]
            figures.right += count
            groups[name] += 1
            best[name] = max(best[name], count)
    planted = defaultdict(list)
    for comment in comments:
        if comment.campaign:
            planted[comment.campaign].append(comment)
    for name, members in planted.items():
        longest = sum(len(member.text.split()) for member in members) / len(members)
        length = next((length for length in LENGTHS if longest < length), LENGTHS[-1])
        counts = figures.recall[members[0].rate, length]
        counts[0] += best[name]
        counts[1] += len(members)
        figures.planted += 1
        figures.whole += groups[name] == 1


def _planted(seeds: int, rates: tuple[float, ...]) -> None:
    figures = Figures()
    seconds, count, hops, evicted = 0.0, 0, 0, 0
    for seed in range(seeds):
        comments = traffic(seed, ordinary=4_000, campaigns=100, rates=rates)
        flow = Flow()
        start = time.process_time()
        measure(comments, figures, flow)
        seconds += time.process_time() - start
        count += len(comments)
        hops += flow.hops
        evicted += flow.evicted
    _say(f"{count} comments of {seeds} seeds, {figures.planted} campaigns among them")
    _say(f"precision {figures.precision:.4f} ({figures.grouped - figures.right} wrong)")
    _say(f"one group each: {figures.whole} of {figures.planted}")
    for rate in rates:
        row = "  ".join(
            f"<{length}: {figures.recalled([rate], [length]):.3f}" for length in LENGTHS
        )
        _say(f"recall at {rate:4.0%}: {figures.recalled([rate]):.4f}   by words {row}")
    bar = [rate for rate in rates if rate <= 0.15]
    _say(f"recall up to 15 %: {figures.recalled(bar):.4f}")
    _say(f"{seconds / count * 1e6:.0f} us a comment, all steps; {hops} matches; {evicted} evicted")


def _ordinary(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as lines:
        texts = [row[1] for row in csv.reader(lines)][1:]
    flow = Flow()
    start = time.process_time()
    compared = sum(
        flow.post(Member(f"{place}#0", place, "a", place * 86_400.0 / len(texts)), text)
        for place, text in enumerate(texts)
    )
    seconds = time.process_time() - start
    _say(f"{len(texts)} comments, {compared} long enough, {seconds / len(texts) * 1e6:.0f} us each")
    kept = sum(len(key) + len(state) for key, state in flow.bands.items())
    _say(f"{kept / compared:.0f} bytes a comment packed, in {len(flow.bands)} bands")
    found = flow.campaigns()
    _say(f"{len(found)} groups by three authors or more, {len(flow.found())} with pairs")
    for group in sorted(found.values(), key=lambda group: -group.comments.count):
        _say(f"--- {group.comments.count}")
        for member in group.members[:5]:
            _say("    " + " ".join(texts[int(member.item_id[:-2])].split())[:160])


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--comments", type=Path, help="a CSV file of ordinary comments")
    given = parser.parse_args()
    if given.comments:
        _ordinary(given.comments)
    else:
        _planted(given.seeds, (0.0, 0.05, 0.1, 0.15, 0.2))


if __name__ == "__main__":
    main()
