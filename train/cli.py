"""The command: not yet."""

from __future__ import annotations

import sys

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def main() -> None:
    """Train a CNN from an expanded set (not yet: this version expands only)."""
    click.echo("train: not yet; this version has expand only", err=True)
    sys.exit(2)
