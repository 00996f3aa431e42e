"""Scores to decisions, and errors that a moderator who edits thresholds can mend."""

from pathlib import Path

import pytest

from moderation.errors import SettingsError
from moderation.policy import load_policy, parse_policy
from moderation.policy_file import PolicyFile

TEXT = """\
name = "test"
[reasons.toxicity]
threshold = 0.8
weight = 0.9
[reasons.sarcasm]
threshold = 0.5
weight = 0.3
[reasons.joke]
threshold = 0.5
action = "show"
[sections.sports.reasons.sarcasm]
threshold = 0.7
[sections.satire.reasons.sarcasm]
action = "ignore"
"""


def test_threshold_is_reached_not_passed() -> None:
    """A score equal to the threshold counts; one just below does not."""
    policy = parse_policy(TEXT, origin="p")
    assert "review" == policy.judge({"toxicity": 0.8}).decision
    assert "allow" == policy.judge({"toxicity": 0.7999}).decision


def test_shown_only() -> None:
    """What the policy only shows never sends a comment to review."""
    verdict = parse_policy(TEXT, origin="p").judge({"joke": 1.0})
    assert ("allow", [], ["joke"], 0.0) == (
        verdict.decision,
        verdict.reasons,
        [reason.code for reason in verdict.shown],
        verdict.priority,
    )


def test_sections() -> None:
    """A section changes what it names and nothing else, whatever its letter case."""
    policy = parse_policy(TEXT, origin="p")
    scores = {"sarcasm": 0.6, "toxicity": 0.1}
    decisions = [policy.judge(scores, section=name).decision for name in ("", "Sports", "satire")]
    assert ["review", "allow", "allow"] == decisions
    assert 0.8 == policy.rules("sports")["toxicity"].threshold


def test_priority_orders_reasons() -> None:
    """Grave reasons come first and weigh more; more reasons never lower the priority."""
    policy = parse_policy(TEXT, origin="p")
    both = policy.judge({"sarcasm": 1.0, "toxicity": 0.9})
    assert ["toxicity", "sarcasm"] == [reason.code for reason in both.reasons]
    assert policy.judge({"sarcasm": 1.0}).priority < policy.judge({"toxicity": 0.9}).priority
    assert policy.judge({"toxicity": 0.9}).priority < both.priority <= 1


ONE = ["toxicity", "joke"]


def test_unsupported_is_shown_by_default() -> None:
    """What no scorer could read is never allowed without a trace, in any policy."""
    verdict = parse_policy(TEXT, origin="p").judge({}, lang="de", unsupported=ONE)
    (reason,) = verdict.shown
    assert ("allow", "unsupported_language") == (verdict.decision, reason.code)
    assert "German: toxicity, joke cannot score it" == reason.detail
    assert [] == parse_policy(TEXT, origin="p").judge({}, lang="en").shown


def test_languages() -> None:
    """A site sends what it cannot score to people, or not, and a language may differ."""
    table = '[languages]\nunsupported = "review"\nweight = 0.2\n'
    changed = '[languages.de]\nweight = 0.6\n[languages.fr]\nunsupported = "allow"\n'
    policy = parse_policy(TEXT + table + changed, origin="p")
    found = {
        lang: policy.judge({"joke": 0.1}, lang=lang, unsupported=ONE) for lang in ("nl", "de", "fr")
    }
    assert ["review", "review", "allow"] == [verdict.decision for verdict in found.values()]
    assert [0.2, 0.6, 0.0] == [verdict.priority for verdict in found.values()]
    assert [] == found["fr"].shown
    assert policy.version != parse_policy(TEXT + table, origin="p").version


def test_scores_count_beside_a_missing_one() -> None:
    """The scorers that can read a comment are heard, whatever becomes of its language."""
    policy = parse_policy(TEXT + '[languages]\nunsupported = "review"\n', origin="p")
    verdict = policy.judge({"toxicity": 0.9}, lang="de", unsupported=["sarcasm"])
    assert ["toxicity", "unsupported_language"] == [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[languages]\nunsupported = "hide"', "line 16: languages.unsupported: Invalid enum"),
        ("[languages]\n\nunsuported = 1", "line 17: languages.unsuported: Object contains"),
        ("[languages]\nweight = 3", "line 16: languages.weight: Expected"),
        ('[languages.de]\nunsupported = "no"', "line 16: languages.de.unsupported: Invalid"),
        ("[languages.de]\nweight = -1", "line 16: languages.de.weight: Expected"),
        ("[languages.de]\naction = 1", "line 16: languages.de.action: Object contains"),
        ("[languages.german]\nweight = 0", "line 15: unknown language 'german': take an ISO"),
        ("[languages]\n\nde = 1", "line 17: languages.de: Object contains"),
        ('[languages]\nde.unsupported = "no"', "line 16: languages.de.unsupported: Invalid"),
    ],
)
def test_language_errors_name_the_line(table: str, message: str) -> None:
    """The table of languages is as easy to mend as the rest."""
    with pytest.raises(SettingsError) as caught:
        parse_policy(TEXT + table, origin="policy p.toml")
    assert f"policy p.toml, {message}" in str(caught.value)


def test_line_is_not_one_of_another_table() -> None:
    """A key that belongs to `[languages]` is wrong in `[reasons]`, and the line is that one's."""
    languages = '[languages]\nunsupported = "show"\n'
    wrong = TEXT.replace("weight = 0.3", 'unsupported = "show"')
    with pytest.raises(SettingsError, match=r"line 9: reasons\.sarcasm\.unsupported"):
        parse_policy(
            'name = "test"\n' + languages + wrong.removeprefix('name = "test"\n'), origin="p"
        )


def test_languages_that_are_no_table() -> None:
    """A value where the table should be is refused with its line."""
    with pytest.raises(SettingsError, match="p, line 1: languages: Expected"):
        parse_policy('languages = "show"\n' + TEXT, origin="p")


def test_possible_bias_raises_no_priority() -> None:
    """What may be the model's bias is looked at by a person, but never before anything else."""
    policy = parse_policy(TEXT, origin="p")
    scores = {"toxicity": 0.95, "sarcasm": 0.6}
    fair, biased = policy.judge(scores), policy.judge(scores, possible_bias=["toxicity"])
    assert "review" == biased.decision
    assert [("sarcasm", False), ("toxicity", True)] == [
        (reason.code, reason.possible_bias) for reason in biased.reasons
    ]
    assert policy.judge({"sarcasm": 0.6}).priority == biased.priority < fair.priority
    alone = policy.judge({"toxicity": 0.95}, possible_bias=["toxicity"])
    assert ("review", 0.0) == (alone.decision, alone.priority)


def test_limits() -> None:
    """What is explained is what a moderator sees, by the thresholds of the section."""
    policy = parse_policy(TEXT, origin="p")
    assert {"toxicity": 0.8, "sarcasm": 0.5, "joke": 0.5} == policy.limits("")
    assert 0.7 == policy.limits(" Sports")["sarcasm"]
    assert {"toxicity": 0.8, "joke": 0.5} == policy.limits("satire")


def test_passages_reach_their_reasons() -> None:
    """A reason shows the passage that was measured against, and others show none."""
    verdict = parse_policy(TEXT, origin="p").judge(
        {"joke": 0.9, "sarcasm": 0.9}, passages={"joke": "The bridge."}
    )
    assert ["The bridge."] == [reason.passage for reason in verdict.shown]
    assert [""] == [reason.passage for reason in verdict.reasons]


def test_version_follows_content() -> None:
    """The version in a judged record tells whether two records were judged alike."""
    same = parse_policy("# a remark\n" + TEXT, origin="p").version
    other = parse_policy(TEXT.replace("0.8", "0.81"), origin="p").version
    assert parse_policy(TEXT, origin="p").version == same
    assert same != other


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("threshold = 0.8", "threshold = 8", "line 3: reasons.toxicity.threshold: Expected"),
        ("weight = 0.3", "wieght = 0.3", "line 7: reasons.sarcasm.wieght: Object contains"),
        ('action = "show"', 'action = "hide"', "line 10: reasons.joke.action: Invalid enum"),
        ("threshold = 0.7", 'threshold = "x"', "line 12: sections.sports.reasons.sarcasm"),
        ("satire.reasons.sarcasm", "satire.reasons.irony", "line 13: section 'satire' changes"),
        ('action = "ignore"', "action = ignore", "(at line 14, column 10)"),
    ],
)
def test_errors_name_the_line(wrong: str, right: str, message: str) -> None:
    """A wrong policy is refused with the file, the line and what is wrong."""
    with pytest.raises(SettingsError) as caught:
        parse_policy(TEXT.replace(wrong, right), origin="policy p.toml")
    assert str(caught.value).startswith("policy p.toml")
    assert message in str(caught.value)


def test_shipped_policy() -> None:
    """Out of the box a joke on the topic and plain drift are shown, never flagged."""
    verdict = load_policy().judge({"joke": 0.99, "off_topic": 0.99, "off_topic_joke": 0.1})
    assert "allow" == verdict.decision


def test_broken_change_is_refused(tmp_path: Path) -> None:
    """A broken new file is refused once, and the old policy stays in force."""
    file = tmp_path / "policy.toml"
    file.write_text(TEXT)
    current = PolicyFile(str(file))
    before = current.policy.version
    file.write_text(TEXT + "[[")
    with pytest.raises(SettingsError):
        current.refresh()
    assert current.refresh() is None
    assert before == current.policy.version
    file.write_text(TEXT.replace("0.8", "0.85"))
    assert current.refresh() is not None
    assert before != current.policy.version
