"""Settings of a job, its dataset, engine and shard, as the options of `expand` ask for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from expand.errors import ExpandError
from expand.layouts.layout import AUTO

if TYPE_CHECKING:
    from expand.engines.choose import RayOptions
    from expand.job.balance import Balance
    from expand.job.planning.dataset_settings import SettingsFor
    from expand.job.settings import Settings
    from expand.job.sharding.shard import Shard
    from expand.layouts.labelled.dataset import Request


def read_request(options: dict[str, Any]) -> Request:
    """Return what the options say about the dataset."""
    from expand.layouts.labelled.dataset import Request

    keys = ("layout", "split", "visible", "mask_fill", "columns")
    return Request(*(options[key] for key in keys))


def read_engine(options: dict[str, Any]) -> RayOptions | None:
    """Return how work is done on a Ray cluster; None if it is done on this machine."""
    if options["engine"] == "local":
        if options["ray_address"]:
            raise ExpandError("--ray-address needs --engine ray")
        return None
    from expand.engines.choose import RayOptions

    return RayOptions(options["ray_address"], options["ray_cpus"])


def read_shard(text: str | None) -> Shard | None:
    """Return the share that --shard names."""
    if text is None:
        return None
    from expand.job.sharding.shard import Shard

    return Shard.parse(text)


def read_settings(options: dict[str, Any]) -> Settings | SettingsFor:
    """Return the settings that the options ask for; how, if the recipe depends on the dataset."""
    if options["recipe"] != AUTO:
        return settings_for(options, options["recipe"])
    return lambda name: settings_for(options, name)


def settings_for(options: dict[str, Any], recipe_name: str) -> Settings:
    """Return the settings that the options ask for, with this recipe."""
    factor = _requested_factor(options["factor"], options["copies"])
    from expand.job.settings import Settings
    from expand.recipes.recipe import Recipe

    recipe = Recipe.load(recipe_name)
    if options["techniques"] is not None:
        recipe = recipe.with_factors(_factors(options["techniques"]))
        factor = factor if factor is not None else recipe.distinct
    balance = _balance(options, given=factor is not None)
    given: dict[str, Any] = {
        key: options[key]
        for key in ("seed", "sampling", "quality", "originals", "group_by", "output", "manifest")
        if key in options
    }
    for name in ("shard_size", "tar_size"):
        if options.get(name) is not None:
            given["shard_size"] = parse_size(options[name])
    usual = 1 if balance and balance.is_count else 4
    return Settings(
        recipe,
        usual if factor is None else factor,
        format=options.get("format_", "keep"),
        balance=balance,
        **given,
    )


UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def parse_size(text: str) -> int:
    """Return the bytes that a text such as "500MB" or "1.5GB" says."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?) ?([kKmMgGtT]?[bB]?)", text.strip(), re.ASCII)
    unit = match[2].lower() if match else "?"
    unit = f"{unit}b" if unit in ("k", "m", "g", "t") else unit
    if not match or unit not in UNITS:
        raise ExpandError(f'--tar-size takes a size such as 500MB or 2GB, got "{text[:50]}"')
    return int(float(match[1]) * UNITS[unit])


def _balance(options: dict[str, Any], *, given: bool) -> Balance | None:
    """Return the balance that the options ask for; `given` says that there is a factor."""
    from expand.job.balance import Balance

    if options.get("balance") is None:
        if options.get("most") is not None:
            raise ExpandError("--most caps the views of --balance; give both")
        return None
    balance = Balance(options["balance"], options.get("most"))
    if balance.is_count and given:
        raise ExpandError(
            f"--balance {balance.rule} says how many files a class gets; leave out --factor"
        )
    return balance


def _requested_factor(factor: int | None, copies: int | None) -> int | None:
    """Return the factor that --factor or --copies gives; None if neither was given."""
    if factor is not None and factor < 1:
        raise ExpandError(f"--factor must be at least 1, got {factor}")
    if copies is None:
        return factor
    if copies < 0:
        raise ExpandError(f"--copies must be at least 0, got {copies}")
    if factor is not None and factor != copies + 1:
        raise ExpandError(
            f"--copies {copies} means --factor {copies + 1}, but --factor is {factor}"
        )
    return copies + 1


def _factors(text: str) -> dict[str, int]:
    """Return the factors that --techniques names."""
    factors: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if not (number.isascii() and number.isdigit() and len(number) < 100):
            raise ExpandError(
                f'--techniques takes name=factor,…, for example flip=4,noise=2; got "{part[:100]}"'
            )
        if name in factors:
            raise ExpandError(f'--techniques names "{name}" twice')
        factors[name] = int(number)
    return factors
