"""An index of another kind: a file of JSON lines, which a worker writes and a test reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

from models.sales.read import ProductView

FILE = "SALES_TEST_INDEX"


class FileIndex:
    """Each call of `put` is a line."""

    def put(self, product: ProductView, *, version: int, task_id: UUID) -> None:
        """Note it."""
        line = {"code": product.code, "price": str(product.sell_price), "active": product.active}
        with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "version": version, "task_id": str(task_id)}) + "\n")


def told(file: Path) -> list[dict[str, Any]]:
    """What the index was told."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def kept(file: Path) -> dict[str, dict[str, Any]]:
    """What it keeps: of each product the highest version."""
    products: dict[str, dict[str, Any]] = {}
    for line in told(file):
        there = products.get(line["code"])
        if there is None or there["version"] <= line["version"]:
            products[line["code"]] = line
    return products


INDEX = FileIndex()
