"""The tables of accounts and of what opens them. No secret stands in any of them, only digests."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from moderation.review.models import KEY, Base


class Account(Base):
    """A person who may sign in."""

    __tablename__ = "review_accounts"
    __table_args__ = (Index("review_accounts_subject", "issuer", "subject", unique=True),)

    pk: Mapped[int] = mapped_column(KEY, primary_key=True)
    name: Mapped[str]
    """As it is shown and logged."""
    folded: Mapped[str] = mapped_column(unique=True)
    """The name without case, so that no two look alike."""
    role: Mapped[str]
    password: Mapped[str] = mapped_column(server_default="")
    """Argon2id, encoded with its parameters; empty while there is none."""
    issuer: Mapped[str | None]
    """Of an account that an identity provider vouches for."""
    subject: Mapped[str | None]
    """The provider's own name for the person."""
    preferences: Mapped[str] = mapped_column(server_default="{}")
    """JSON."""
    disabled: Mapped[int] = mapped_column(server_default=sql("0"))
    created_at: Mapped[float]
    signed_in_at: Mapped[float | None]


class AccountSession(Base):
    """A browser that is signed in."""

    __tablename__ = "review_sessions"
    __table_args__ = (Index("review_sessions_account", "account"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the token, in hexadecimal."""
    id: Mapped[str] = mapped_column(unique=True)
    """By which it is listed and ended; opens nothing."""
    account: Mapped[int] = mapped_column(KEY, ForeignKey("review_accounts.pk", ondelete="CASCADE"))
    address: Mapped[str]
    agent: Mapped[str]
    begun_at: Mapped[float]
    used_at: Mapped[float]


class Token(Base):
    """A token of the API."""

    __tablename__ = "review_tokens"
    __table_args__ = (Index("review_tokens_account", "account"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    account: Mapped[int] = mapped_column(KEY, ForeignKey("review_accounts.pk", ondelete="CASCADE"))
    name: Mapped[str]
    role: Mapped[str]
    """At most; a lesser role of the account counts."""
    made_at: Mapped[float]
    expires_at: Mapped[float]
    used_at: Mapped[float | None]


class Link(Base):
    """A link that works once."""

    __tablename__ = "review_links"
    __table_args__ = (Index("review_links_account", "account"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[int | None] = mapped_column(
        KEY, ForeignKey("review_accounts.pk", ondelete="CASCADE")
    )
    """Nobody's while there is no account at all."""
    purpose: Mapped[str]
    expires_at: Mapped[float]


class Attempts(Base):
    """Failed sign-ins that count together, or an address from which somebody has signed in."""

    __tablename__ = "review_attempts"
    __table_args__ = (Index("review_attempts_until", "until"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    """Digest of what they have in common, after the kind of it."""
    account: Mapped[str]
    """Digest of the name that was tried, so that all of one can be forgotten; empty otherwise."""
    count: Mapped[int]
    until: Mapped[float]
    """When the row counts no more."""
    closed_until: Mapped[float] = mapped_column(server_default=sql("0"))
