"""Labels that stay few, whatever comments hold."""

from moderation.language import NAMES, UNCODED, UNDETERMINED
from streams.metrics import language_label


def test_languages_are_bounded() -> None:
    """A label costs memory for ever: languages without a name share one."""
    assert "de" == language_label("de")
    assert {"other"} == {language_label(lang) for lang in ("", "x-klingon", UNCODED, UNDETERMINED)}
    assert len(NAMES) < 150
