"""What labelled sets and files become."""

import json
from pathlib import Path

import pytest

from moderation.errors import SettingsError
from moderation.evaluation.labelled import REVIEW, LabelledLine, LabelledSet, decided, read_file
from moderation.evaluation.sets import SETS, present, read_set
from moderation.training import data as labelled
from streams import score_file
from tests.moderation.evaluation.folder import TOPICS, write_folder

DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a few sets."""
    return write_folder(tmp_path)


def _write(file: Path, *lines: dict[str, object]) -> Path:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return file


def test_undecided_labels_are_no_labels() -> None:
    """A comment on which annotators split tells nothing of the scorer."""
    labels = {"a": 0.0, "b": 0.25, "c": 0.26, "d": 0.5, "e": 0.74, "f": 0.75, "g": 1.0}
    assert {"a": False, "b": False, "f": True, "g": True} == decided(labels)


def test_a_file_takes_what_score_takes() -> None:
    """Whoever has lines for `trollbridge score` adds labels and is done."""
    assert set(score_file._Line.__struct_fields__) <= set(LabelledLine.__struct_fields__)


def test_a_line_becomes_an_item(tmp_path: Path) -> None:
    """Context, labels of every form and identity reach the measurement."""
    line = {
        "id": 1,
        "text": "So there.",
        "article": {"title": "T", "text": "B"},
        "parent_text": "P",
        "thread": ["one", "two"],
        "section": "sports",
        "labels": {"toxicity": True, "sarcasm": 0, "joke": 0.5, "review": 0.9},
        "identity": ["sailor"],
    }
    (found,) = read_file(_write(tmp_path / "mine.jsonl", line))
    (item,) = found.items
    assert ("mine", 1, True) == (found.name, found.total, found.natural)
    assert {"toxicity": True, "sarcasm": False, REVIEW: True} == item.labels
    assert ("So there.", "T", "B", "P", ("one", "two"), "sports") == (
        item.comment.text,
        item.comment.article_title,
        item.comment.article_text,
        item.comment.parent_text,
        item.comment.thread,
        item.comment.section,
    )
    assert ("sailor",) == item.identity


def test_lines_of_several_sets(tmp_path: Path) -> None:
    """One file may hold several desks' labels; they are measured apart."""
    lines = [{"id": n, "text": "x", "labels": {}, "set": name} for n, name in enumerate("abab")]
    found = read_file(_write(tmp_path / "mine.jsonl", *lines))
    assert [("a", 2), ("b", 2)] == [(given.name, len(given.items)) for given in found]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": 1, "text": "x"}', "labels"),
        ('{"id": 1, "text": "x", "labels": {"joke": 2}}', "<= 1"),
        ("{", "line 2"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    """A labelled file of thousands of lines is mended at the line that is named."""
    file = tmp_path / "mine.jsonl"
    file.write_text('{"id": 0, "text": "x", "labels": {}}\n' + line, "utf-8")
    with pytest.raises(SettingsError, match="line 2") as caught:
        read_file(file)
    assert message in str(caught.value)


def test_a_sample_is_the_same_each_time(tmp_path: Path) -> None:
    """Two runs with a limit measure the same texts, or they could not be compared."""
    lines = [{"id": n, "text": str(n), "labels": {}} for n in range(50)]
    (whole,) = read_file(_write(tmp_path / "mine.jsonl", *lines))

    def texts(given: LabelledSet) -> list[str]:
        return [item.comment.text for item in given.items]

    assert texts(whole.sample(10)) == texts(whole.sample(10))
    assert (10, 50) == (len(whole.sample(10).items), whole.sample(10).total)
    assert texts(whole) == texts(whole.sample(0)) == texts(whole.sample(50))


def test_what_the_folder_lacks_is_named(folder: Path) -> None:
    """A folder without some sets is measured on the others."""
    here, lacking = present(folder)
    assert {"ucc_val", "identity_templates", "threads", "swapped_lead"} <= set(here)
    assert {"figlang", "davidson"} <= set(lacking)
    assert set(SETS) == {*here, *lacking}
    with pytest.raises(SettingsError, match="ucc_val"):
        present(folder, ["ucc"])


def test_a_set_of_another_form_is_an_error_of_one_line(folder: Path) -> None:
    """A file whose columns changed is said, not a traceback."""
    (folder / "dev_only/ucc_val.csv").write_text("id,text\n1,x\n", "utf-8")
    with pytest.raises(SettingsError, match="ucc_val"):
        read_set(folder, "ucc_val")


def test_threads_bring_their_context(folder: Path) -> None:
    """A comment of a thread is scored with article, parent, what came before and section."""
    items = read_set(folder, "threads").items
    item = next(item for item in items if item.comment.text == "On the tower, remark 4")
    assert "On the tower, remark 3" == item.comment.parent_text
    assert 4 == len(item.comment.thread)
    assert "The tower opens" == item.comment.article_title
    assert "about tower" == item.comment.section
    assert {"toxicity", REVIEW} == {key for key, label in item.labels.items() if label}
    assert {"joke", "off_topic", "off_topic_joke", REVIEW} == {
        key for key, label in items[7].labels.items() if label
    }
    # Harsh but civil is no reason to flag; sarcasm is left to taste.
    assert items[5].labels[REVIEW] is False
    assert REVIEW not in items[2].labels


@pytest.mark.parametrize(("name", "paragraphs"), [("swapped_title", 0), ("swapped_lead", 1)])
def test_swapped_comments_stand_under_both_articles(
    folder: Path, name: str, paragraphs: int
) -> None:
    """Each comment on the topic is seen once at home and once away; nothing else differs."""
    items = read_set(folder, name).items
    assert 2 * 10 * len(TOPICS) == len(items)
    for home, away in zip(items[::2], items[1::2], strict=True):
        assert home.comment.text == away.comment.text
        assert home.group in home.comment.article_title
        assert home.group not in away.comment.article_title
        assert (False, True) == (home.labels["off_topic"], away.labels["off_topic"])
        assert paragraphs == len(away.comment.article_text.split("\n")) - (not paragraphs)
        assert () == away.comment.thread


def test_identity_terms_are_found_whole(folder: Path) -> None:
    """The longer term counts where one holds another, so that groups are kept apart."""
    items = read_set(folder, "identity_templates").items
    named = {item.comment.text: item.identity for item in items}
    assert ("old sailor",) == named["a brave old sailor"]
    assert ("sailor",) == named["a brave sailor"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the labelled data are not here")
def test_what_is_called_unseen_is_unseen() -> None:
    """The report may be believed where it says that a set trained nothing."""
    trained = {
        example.text for example in labelled.examples(DATA) if not labelled.held_out(example)
    }
    for name, source in SETS.items():
        if not source.seen:
            texts = [item.comment.text for item in read_set(DATA, name).items]
            assert sum(text in trained for text in texts) < 0.01 * len(texts), name
