"""`expand preview`: a contact sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from expand.cli.groups import FileOrFolder, Folder, GroupedCommand, titled
from expand.cli.options import COMMON, LAYOUT, MAX_PIXELS_OPTION, settings_for, view_options
from expand.cli.output import echo, visible
from expand.layouts.layout import AUTO


@click.command(cls=GroupedCommand, common=COMMON[:-1])
@click.argument("src", type=Folder(), default=Path("data/train"))
@click.argument("sheet", type=FileOrFolder(), default=Path("preview.png"))
@titled("Data", [LAYOUT, MAX_PIXELS_OPTION])
@view_options
@titled(
    "Output",
    [
        click.option(
            "--sources",
            type=click.IntRange(1, 200),
            default=8,
            show_default=True,
            help="Number of rows.",
        )
    ],
)
def preview(src: Path, sheet: Path, sources: int, layout: str, **options: Any) -> int:
    """Draw a contact sheet: one row per source, one column per view."""
    recipe = "classic" if options["recipe"] == AUTO else options["recipe"]
    settings = settings_for(options, recipe)
    from expand.job.plan import check_outside
    from expand.previews.preview import Preview
    from expand.storage.files import write_whole

    check_outside(src, sheet)
    write_whole(sheet, Preview.of(src, settings, sources, layout).png())
    echo(
        visible(
            f"{sheet}: {sources} sources × {settings.factor} views, recipe {settings.recipe.name}"
        )
    )
    for note in settings.recipe.notes:
        echo(visible(note))
    return 0
