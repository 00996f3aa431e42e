"""The one direction in which the packages know each other."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
RIVER = {"faust", "kafka", "aiokafka", "confluent_kafka", "streams"}
WEB = {"starlette", "uvicorn"}
CONSOLE = ROOT / "moderation" / "review" / "web"


def test_moderation_knows_no_river() -> None:
    """`moderation` can be used, tested and understood without Kafka, Faust or a web server.

    The console's pages are the one place that knows a web framework.
    """
    found = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in (ROOT / "moderation").rglob("*.py")
        for name in _imports(file)
        if name.partition(".")[0] in (RIVER if file.is_relative_to(CONSOLE) else RIVER | WEB)
    }
    assert set() == found


def _imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
