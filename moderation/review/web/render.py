"""Templates to answers."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from moderation.review.preferences import Preferences
from moderation.review.web import static, words
from moderation.review.web.visitor import Visitor

_FOLDER: Final = Path(__file__).parent / "templates"

templates: Final = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals["static"] = static.url
templates.globals["preferences_of_nobody"] = Preferences()
templates.filters["quoted"] = words.quoted
templates.filters["reason"] = words.name
templates.filters["age"] = words.age
templates.filters["iso"] = words.iso
templates.filters["clock"] = words.clock
templates.filters["percent"] = words.percent


def visitor_of(request: Request) -> Visitor | None:
    """Who asks; None before anybody is signed in."""
    return getattr(request.state, "visitor", None)


def part(name: str, **context: Any) -> str:
    """A template as text, without the page around it."""
    return templates.get_template(name).render(**context)


def page(request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page. `here`, the page's name in the navigation, may be among the context."""
    context = {"here": "", "visitor": visitor_of(request)} | context
    # What stands on a page is for one person and this moment.
    return HTMLResponse(
        part(name, **context), status_code=status, headers={"cache-control": "no-store"}
    )
