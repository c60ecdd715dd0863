"""`expand preview`: a contact sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expand.cli.groups import FileOrFolder, GroupedCommand, titled
from expand.cli.options import (
    COMMON,
    DATA_OPTIONS,
    MAX_PIXELS_OPTION,
    view_options,
)
from expand.cli.output import echo, visible
from expand.cli.places import FolderOrUrl
from expand.cli.settings import read_request, read_settings
from expand.errors import ExpandError

if TYPE_CHECKING:
    from expand.storage.stores.url import Place


@click.command(cls=GroupedCommand, common=COMMON[:-1])
@click.argument("src", type=FolderOrUrl(), default=Path("data/train"))
@click.argument("sheet", type=FileOrFolder(), default=Path("preview.png"))
@titled("Data", [*DATA_OPTIONS, MAX_PIXELS_OPTION])
@view_options
@titled(
    "Output",
    [
        click.option(
            "--sources",
            type=click.IntRange(1, 200),
            metavar="N",
            default=8,
            show_default=True,
            help="Number of rows.",
        )
    ],
)
def preview(src: Place, sheet: Path, sources: int, **options: Any) -> int:
    """Draw a contact sheet: one row per source, one column per view.

    SHEET is a PNG file. By default SRC is data/train and SHEET is preview.png.
    """
    settings, request = read_settings(options), read_request(options)
    from expand.cli.formatting import format_count
    from expand.previews.preview import Preview
    from expand.storage.files import write_whole
    from expand.storage.stores.places import check_outside

    if sheet.suffix.lower() != ".png":
        raise ExpandError(
            f'a contact sheet is a PNG file: name it with the suffix .png, got "{sheet}"'
        )
    check_outside(src, sheet)
    drawn = Preview.of(src, settings, sources, request)
    write_whole(sheet, drawn.png())
    if drawn.found:
        echo(visible(f"{src} is {drawn.found}"))
    count, recipe = format_count(len(drawn.rows), "source"), drawn.settings.recipe.name
    echo(visible(f"{sheet}: {count} × {drawn.settings.previewed} views, recipe {recipe}"))
    for note in drawn.notes:
        echo(visible(note))
    return 0
