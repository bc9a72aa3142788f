"""The database's revisions, oldest first. Known without Alembic, which takes a third of a second to import."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
HEAD_REVISION = REVISIONS[-1]
