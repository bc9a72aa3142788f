"""The database's revisions, oldest first. Listed here because importing Alembic takes a third of a second."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
HEAD_REVISION = REVISIONS[-1]
