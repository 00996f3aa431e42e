"""What whoever starts the console says about it."""

from typing import Annotated

import msgspec

from moderation.review.web.access import AccessOptions

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class WebOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Times are seconds."""

    access: AccessOptions = AccessOptions()
    """Who may come in, and how."""
    poll: Seconds = 1.0
    """How often the store is asked for news, for all open pages together."""
    grace: Seconds = 3.0
    """How long a person who left a page may take to open another before claims are given up."""
