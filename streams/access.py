"""Who may use the console, as the settings have it."""

from moderation.review.web.access import AccessOptions
from moderation.review.web.oidc import OidcOptions
from streams.settings import Settings


def access_options(settings: Settings, *, secure: bool, hosts: tuple[str, ...]) -> AccessOptions:
    """For a console that is reached by these host names, over https alone if `secure`."""
    oidc = None
    if settings.oidc_issuer:
        oidc = OidcOptions(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            role_claim=settings.oidc_role_claim,
        )
    return AccessOptions(secure=secure, hosts=hosts, oidc=oidc)
