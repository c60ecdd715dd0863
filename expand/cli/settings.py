"""Settings of a job, its dataset, engine and shard, as the options of `expand` ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expand.errors import ExpandError
from expand.layouts.layout import AUTO

if TYPE_CHECKING:
    from expand.engines.choose import RayOptions
    from expand.job.balance import Balance
    from expand.job.plan import SettingsFor
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
    given = {
        key: options[key]
        for key in ("seed", "sampling", "quality", "originals", "group_by")
        if key in options
    }
    usual = 1 if balance and balance.is_count else 4
    return Settings(
        recipe,
        usual if factor is None else factor,
        format=options.get("format_", "keep"),
        balance=balance,
        **given,
    )


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
