"""Arguments that are a folder or the URL of one."""

from __future__ import annotations

from typing import Any

import click

from expand.cli.groups import Folder
from expand.errors import ExpandError
from expand.storage.stores.url import Url, is_url, parse_place


class FolderOrUrl(Folder):
    """A folder, which a shell completes, or a URL: s3://, gs://, az://, memory:// or file://."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path or the URL; refuse a URL with credentials in it."""
        if isinstance(value, Url):
            return value
        if not isinstance(value, str) or not is_url(value):
            return super().convert(value, param, ctx)
        try:
            return parse_place(value)
        except ExpandError as error:
            self.fail(str(error), param, ctx)
