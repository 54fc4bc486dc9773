"""The till's own settings: `CQRS_SALES_SEARCH_INDEX`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from worker import declare_section, section


class SalesSettings(BaseModel):
    """What a shop sets."""

    model_config = ConfigDict(frozen=True)

    search_index: str = Field(
        "",
        pattern=r"^([\w.]+:\w+)?$",
        description="a search index outside, `package.module:object`; empty: there is none",
    )


declare_section("sales", SalesSettings)


def search_index() -> str:
    """Where the search index outside is. Raises BadSettings, naming the variable."""
    return section("sales", SalesSettings).search_index
