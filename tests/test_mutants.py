"""The planted bugs of `make mutants` fit the tree as it is."""

from __future__ import annotations

from tests.mutants import plants


def test_every_plant_fits_its_file_and_names_tests_that_exist() -> None:
    assert plants.faults(plants.load()) == []


def test_every_plant_says_which_promise_it_breaks() -> None:
    assert [one.name for one in plants.load() if not one.promise.strip()] == []
