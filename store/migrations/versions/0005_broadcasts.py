"""Nothing yet: the place of the broadcasts' tables."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Change nothing."""
