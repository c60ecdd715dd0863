"""Environments: one for each program that is measured or read with, made when it is first needed.

Other projects need packages of another age, or have licences that keep them apart from this one.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1] / ".venv-benchmarks"


class UnavailableError(Exception):
    """An environment cannot be installed here."""


@dataclass(frozen=True)
class Environment:
    """The packages of an environment, with their versions as pip takes them."""

    name: str
    packages: tuple[str, ...]
    alone: str = ""
    """A package that is installed last, without those that it asks for."""

    @property
    def requirements(self) -> list[str]:
        """What the environment has, the package that is installed alone first."""
        return [*filter(None, [self.alone]), *self.packages]

    def python(self, root: Path = ROOT) -> str:
        """Return its interpreter below `root`; the first call makes the environment.

        Raise `UnavailableError` if a package cannot be installed, for this Python or at all.
        """
        folder = root / self.name
        python, finished = folder / "bin" / "python", folder / "installed"
        wanted = "\n".join(self.requirements)
        if not finished.exists() or finished.read_text("utf-8") != wanted:
            print(f"installing {', '.join(self.requirements)}", file=sys.stderr)
            venv.create(folder, with_pip=True, clear=True)
            _install(str(python), *self.packages)
            if self.alone:
                _install(str(python), "--no-deps", self.alone)
            finished.write_text(wanted, "utf-8")
        return str(python)


def _install(python: str, *what: str) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--quiet", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise UnavailableError(f"cannot be installed for Python {sys.version.split()[0]}: {last}")
