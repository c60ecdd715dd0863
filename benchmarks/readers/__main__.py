"""`python -m benchmarks.readers SOURCE OUT`: read a dataset and what `expand` made of it.

`--install` makes the environments and does nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.environments import ROOT, UnavailableError
from benchmarks.readers.readers import ENVIRONMENTS, READERS, TAR_READERS, Reader, factor_of
from benchmarks.readers.scripts.findings import UNREADABLE

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NAMES = [reader.script for reader in (*READERS, *TAR_READERS)]


@click.command()
@click.argument("source", type=FOLDER, required=False)
@click.argument("out", type=FOLDER, required=False)
@click.option("--environments", type=click.Path(path_type=Path), default=ROOT, help="Of readers.")
@click.option("--install", is_flag=True, help="Make all environments, and do nothing else.")
@click.option("--reader", "wanted", multiple=True, type=click.Choice(NAMES), help="This one only.")
@click.option("--factor", type=int, help="Files for each source; the run card's if left out.")
@click.option("--lossless", is_flag=True, help="No copy may have fewer objects than its source.")
def main(
    source: Path | None,
    out: Path | None,
    environments: Path,
    install: bool,
    wanted: Sequence[str],
    factor: int | None,
    lossless: bool,
) -> None:
    """Read a dataset, and what expand made of it, with the programs that people train with."""
    if install:
        for environment in ENVIRONMENTS:
            click.echo(f"{environment.name}: {environment.python(environments)}")
        return
    if source is None or out is None:
        raise click.UsageError("SOURCE and OUT are needed, or --install")
    known = TAR_READERS if (out / "index.json").is_file() else READERS
    readers = [each for each in known if (each.script in wanted if wanted else each.reads(source))]
    if not readers:
        raise click.UsageError(f'no reader is for a dataset like "{source}"; choose with --reader')
    arguments = [str(source), str(out), str(factor or factor_of(out))]
    arguments += ["--lossless"] if lossless else []
    failed = [each.script for each in readers if not _show(each, environments, arguments)]
    if failed:
        raise SystemExit(1)


def _show(reader: Reader, environments: Path, arguments: list[str]) -> bool:
    """Run a reader and print what it found; return whether all is right."""
    try:
        python = reader.environment.python(environments)
    except UnavailableError as error:
        click.echo(f"{reader.script}: {error}")
        return False
    status, line, said = reader.run(python, arguments)
    if not line.startswith("{"):  # it could not read what expand wrote
        reasons = [each for each in said.splitlines() if "Error" in each] or ["it failed"]
        click.echo(f"{reader.script}: {reasons[-1]}")
        return False
    found = json.loads(line)
    if status == UNREADABLE:
        click.echo(f"{reader.script}: left out, it cannot read the source: {found['unreadable']}")
        return True
    click.echo(f"{reader.script}: {'; '.join(found['faults'][:10]) or 'equal'}")
    for name, value in found["facts"].items():
        click.echo(f"    {name}: {value}")
    return not status


if __name__ == "__main__":
    main()
