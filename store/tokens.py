"""Access tokens, kept once for all processes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.records import Token
from store.schema import tokens

GET: Final = select(tokens).where(tokens.c.account == bindparam("account"))
_kept = insert(tokens).values({column: bindparam(column.name) for column in tokens.c})
KEEP: Final = _kept.on_conflict_do_update(
    index_elements=["account"],
    set_={"access_token": _kept.excluded.access_token, "expires_at": _kept.excluded.expires_at},
)
DROP: Final = delete(tokens).where(
    tokens.c.account == bindparam("account"), tokens.c.access_token == bindparam("access_token")
)


def token(session: Session, *, account: str) -> Token | None:
    """The token that all processes share, expired or not."""
    found = session.run(GET, account=account)
    return Token(**found[0]) if found else None


def keep_token(session: Session, *, token: Token) -> None:
    """Share a token in place of the one before."""
    session.run(KEEP, account=token.account, access_token=token.access_token, expires_at=token.expires_at)


def drop_token(session: Session, *, token: Token) -> None:
    """Stop sharing a token that the platform refused, unless another process has replaced it already."""
    session.run(DROP, account=token.account, access_token=token.access_token)
