"""Files per second: expand, its peers and the codecs alone, on three sets of images."""


def main() -> None:
    """Measure with the default settings; `python -m benchmarks.expanding --help` lists others."""
    from benchmarks.expanding.__main__ import main as command

    command([], standalone_mode=False)
