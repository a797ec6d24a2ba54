"""The public names are the ones that are promised, and all of them are there."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

import playhead
from playhead import errors, model


def test_all_is_sorted_and_unique() -> None:
    assert sorted(set(playhead.__all__)) == sorted(playhead.__all__)


@pytest.mark.parametrize("name", playhead.__all__)
def test_every_public_name_resolves_and_is_listed(name: str) -> None:
    assert getattr(playhead, name) is not None
    assert name in dir(playhead)


def test_nothing_public_is_left_out_of_all() -> None:
    found = {
        name
        for name in dir(playhead)
        if not name.startswith("_") and not isinstance(getattr(playhead, name), ModuleType)
    }
    # What `from … import` leaves in any module.
    assert found - {"TYPE_CHECKING", "annotations", "import_module"} == set(playhead.__all__)


def test_every_error_is_public() -> None:
    tree = {name for name, found in vars(errors).items() if inspect.isclass(found)}
    assert tree <= set(playhead.__all__)
    documented = {word for word in (errors.__doc__ or "").split() if word.endswith("Error")} - {"ValueError"}
    assert tree == documented


def test_what_the_store_answers_with_is_public() -> None:
    answers = {
        name
        for name, found in vars(model).items()
        if inspect.isclass(found) and found.__module__ == model.__name__ and name != "SnapshotEntry"
    }
    assert answers <= set(playhead.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = playhead.no_such_name


@pytest.mark.parametrize(
    "name", [name for name in playhead.__all__ if inspect.isclass(getattr(playhead, name)) and "Error" not in name]
)
def test_every_public_class_and_method_says_what_it_is(name: str) -> None:
    found = getattr(playhead, name)
    assert found.__doc__, name
    for member, value in vars(found).items():
        if inspect.isfunction(value) and not member.startswith("_") and len(inspect.signature(value).parameters) > 1:
            assert value.__doc__, f"{name}.{member}"


def test_the_version_is_the_one_of_the_project() -> None:
    assert playhead.__version__.count(".") == 2
