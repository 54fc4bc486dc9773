"""Names are quoted as PostgreSQL quotes them; versions follow one another as semver.org says."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.schema.change.versions import Version
from worker.schema.statements.names import ObjectName, quote

Connection = psycopg.Connection[Any]
IDENTIFIERS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20
)


@pytest.mark.parametrize(
    "word",
    [
        "orders",
        "order",
        "Orders",
        "select",
        "a b",
        'a"b',
        "a$b",
        "_1",
        "1a",
        "value",
        "between",
        "authorization",
        "ä",
        "name",
        "int",
    ],
)
def test_quoting_is_that_of_quote_ident(db: Connection, word: str) -> None:
    assert db.execute("SELECT quote_ident(%s)", [word]).fetchone() == (quote(word),)


@given(IDENTIFIERS, IDENTIFIERS)
def test_a_name_that_is_printed_is_read_as_the_same_name(schema: str, name: str) -> None:
    assert ObjectName.parse(str(ObjectName(schema, name))) == ObjectName(schema, name)


@pytest.mark.parametrize("text", ["orders", "", "a.b.c", '"a.b', "a.", ".b"])
def test_what_is_no_qualified_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as schema\.name"):
        ObjectName.parse(text)


def test_unquoted_names_fold_and_functions_keep_their_arguments() -> None:
    assert ObjectName.parse("Command.Orders") == ObjectName("command", "orders")
    assert ObjectName.parse('command."F"(integer, text)') == ObjectName(
        "command", "F", "(integer, text)"
    )


def test_versions_are_in_the_order_of_the_standard() -> None:
    rising = [
        "0.9.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.10.0",
        "2.0.0",
    ]
    assert all(Version.parse(one) < Version.parse(other) for one, other in pairwise(rising))


def test_build_metadata_counts_for_nothing() -> None:
    assert Version.parse("1.0.0+a") == Version.parse("1.0.0+b")
    assert not Version.parse("1.0.0+a") < Version.parse("1.0.0+b")


@pytest.mark.parametrize(
    "text", ["1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "٣.0.0", " 1.0.0"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no semantic version"):
        Version.parse(text)


@settings(max_examples=50)
@given(st.integers(0, 10**30), st.integers(0, 9), st.integers(0, 9))
def test_numbers_of_any_size_are_compared_as_numbers(major: int, minor: int, patch: int) -> None:
    assert Version.parse(f"{major}.{minor}.{patch}") < Version.parse(f"{major}.{minor}.{patch + 1}")
