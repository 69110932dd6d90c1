"""Our canonical JSON gives RFC 8785's bytes for whatever we may write."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import uuid

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from fellowship.kernel.canonical import canonical, digest, instant, plain

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
values = st.recursive(
    scalars | st.datetimes(timezones=st.timezones()) | st.decimals(allow_nan=False) | st.uuids(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_the_bytes_are_those_of_an_implementation_not_ours(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(plain(value))


@given(values)
def test_what_is_written_reads_back_as_the_same(value: object) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


@given(st.dictionaries(text, st.integers(0, 9), min_size=2, max_size=6), st.randoms())
def test_the_order_of_keys_does_not_matter(value: dict[str, int], random: object) -> None:
    items = list(value.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert digest(dict(items)) == digest(value)


def test_keys_beyond_the_basic_plane_stand_in_the_order_of_utf_16() -> None:
    value = {"\ufb33": 1, "\U0001f600": 2, "ö": 3, "a": 4}
    assert canonical(value) == rfc8785.dumps(value)
    assert list(json.loads(canonical(value))) == ["a", "ö", "\U0001f600", "\ufb33"]


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2**53, '"9007199254740992"'),
        (2**53 - 1, "9007199254740991"),
        (-(2**53), '"-9007199254740992"'),
        (0.1, '"0.1"'),
        (decimal.Decimal("1.50"), '"1.50"'),
        (Colour.RED, '"red"'),
        (dt.date(2026, 11, 23), '"2026-11-23"'),
        (dt.timedelta(minutes=1, microseconds=5), '"PT60.000005S"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (b"\x00\xff", '"00ff"'),
        ({"b", "a"}, '["a","b"]'),
        ({1: "one"}, '{"1":"one"}'),
        ((1, None), "[1,null]"),
        ("“é”\n", '"“é”\\n"'),
    ],
)
def test_how_each_kind_is_written(value: object, written: str) -> None:
    assert canonical(value).decode() == written


@given(st.datetimes(timezones=st.timezones()))
def test_instants_are_utc_with_microseconds(at: dt.datetime) -> None:
    try:
        utc = at.astimezone(dt.UTC)
    except OverflowError:
        return
    assert instant(at) == instant(utc)
    assert len(instant(at)) == len("2026-11-23T14:00:00.000000Z")
    assert dt.datetime.fromisoformat(instant(at)) == utc


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no canonical form"):
        canonical(object())
    with pytest.raises(ValueError, match="needs a time zone"):
        canonical(dt.datetime(2026, 1, 1))  # noqa: DTZ001
