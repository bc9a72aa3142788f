from __future__ import annotations

import pytest

from dropdub.errors import DropdubError, PermanentError, TransientError, UnexpectedError, Waiting, every_error

LEAVES = [cls for cls in every_error() if not cls.__subclasses__() and cls.__module__ == "dropdub.errors"]


@pytest.mark.parametrize("cls", LEAVES)
def test_every_error_survives_the_way_from_worker_to_supervisor(cls: type[DropdubError]) -> None:
    error = Waiting("It is so.", condition="disk") if cls is Waiting else cls("It is so.", remedy="Do this.")
    again = DropdubError.from_dict(error.to_dict())
    assert type(again) is cls
    assert again.__dict__ == error.__dict__


@pytest.mark.parametrize("cls", [cls for cls in LEAVES if issubclass(cls, PermanentError | TransientError)])
def test_every_error_of_a_job_has_a_remedy_and_is_permanent_or_transient(cls: type[DropdubError]) -> None:
    assert cls("It is so.").remedy.endswith(".")
    assert cls.permanent == issubclass(cls, PermanentError)
    assert cls.__name__ in str(__import__("dropdub.errors", fromlist=["errors"]).__doc__)


def test_an_error_of_an_unknown_class_becomes_an_unexpected_one() -> None:
    assert isinstance(DropdubError.from_dict({"class": "Nonsense", "message": "x"}), UnexpectedError)
