"""Settings: everything that decides the content of an expanded dataset."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from expand.errors import ExpandError, shown
from expand.images.formats import OPTIONS
from expand.job.balance import Balance
from expand.layouts.labelled.dataset import VISIBLE, Request
from expand.layouts.source import Source
from expand.recipes.recipe import Recipe
from expand.techniques.ranges import MOST_FACTOR, is_whole
from expand.views.views import Views

MOST_PREVIEWED = 8
LEAST_SHARD, MOST_SHARD = 1000, 10**12
ORIGINALS = ("copy", "link", "none")
FOLDER, WEBDATASET = OUTPUTS = ("folder", "webdataset")
JSONL, PARQUET = MANIFESTS = ("jsonl", "parquet")
KINDS: dict[str, tuple[type, ...]] = {
    "recipe": (dict,),
    "factor": (int,),
    "seed": (int,),
    "sampling": (str,),
    "format": (str,),
    "quality": (int, type(None)),
    "originals": (str,),
}
"""The types of the settings as plain data."""
USUAL: dict[str, Any] = {"output": FOLDER, "shard_size": None, "manifest": JSONL}
"""Settings that run cards leave out where they are as usual."""


@dataclass(frozen=True)
class DatasetSettings:
    """How a labelled dataset is read, and what its labels become; checks itself."""

    layout: str
    """The name of its reading: "yolo-detect"."""
    split: str = ""
    """The part that grows; empty if it has no parts."""
    visible: float = VISIBLE
    """Share of an object, 0 … 1, that a view must show."""
    mask_fill: int | None = None
    """The value of a mask where a view shows nothing of its image."""
    columns: str = ""
    """What columns of a table move with the image."""

    def __post_init__(self) -> None:
        number = isinstance(self.visible, int | float) and not isinstance(self.visible, bool)
        if not number or not 0 <= self.visible <= 1:
            raise ExpandError(f"--visible must be 0 … 1, got {shown(self.visible)}")
        fill = self.mask_fill
        if fill is not None and (not is_whole(fill) or not 0 <= fill <= 65535):
            raise ExpandError(f"--mask-fill must be 0 … 65535, got {shown(fill)}")
        for value in (self.layout, self.split, self.columns):
            if not isinstance(value, str):
                raise ExpandError('the run card has a "dataset" that cannot be used')

    @property
    def request(self) -> Request:
        """The request that opens the same dataset again."""
        return Request(self.layout, self.split, self.visible, self.mask_fill, self.columns)

    @classmethod
    def from_dict(cls, data: Any) -> DatasetSettings:
        """Build them from plain data; raise ExpandError for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("layout"), str):
            raise ExpandError('the run card has a "dataset" that cannot be used')
        return cls(**{key: data[key] for key in cls.__dataclass_fields__ if key in data})


@dataclass(frozen=True)
class Settings:
    """Everything that decides the content of an expanded dataset; checks itself."""

    recipe: Recipe
    factor: int
    seed: int = 0
    sampling: str = "stratified"
    format: str = "keep"
    quality: int | None = None
    originals: str = "copy"
    dataset: DatasetSettings | None = None
    """None for class folders."""
    balance: Balance | None = None
    """How many views each class gets; None: `factor` each."""
    group_by: str | None = None
    """What finds the group of an image, which its rows in the manifest have."""
    output: str = FOLDER
    """A folder with a file for each view, or tars of WebDataset."""
    shard_size: int | None = None
    """About how many bytes a tar has; None: the default. Run cards have this name."""
    manifest: str = JSONL
    """The form of the manifest."""

    def __post_init__(self) -> None:
        if isinstance(self.balance, str):
            object.__setattr__(self, "balance", Balance(self.balance))
        if not is_whole(self.factor) or self.factor < 1:
            raise ExpandError(f"--factor must be at least 1, got {shown(self.factor)}")
        if self.factor > MOST_FACTOR:
            raise ExpandError(f"--factor must be at most {MOST_FACTOR:,}, got {shown(self.factor)}")
        if self.format not in ("keep", *OPTIONS):
            raise ExpandError(f"--format must be keep, {', '.join(OPTIONS)}, got {self.format!r}")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ExpandError(f"--quality must be 1 … 100, got {self.quality}")
        if self.originals not in ORIGINALS:
            raise ExpandError(f"--originals must be {', '.join(ORIGINALS)}, got {self.originals!r}")
        if self.factor == 1 and self.originals == "none":
            raise ExpandError("--factor 1 with --originals none leaves nothing to write")
        if self.group_by is not None and not isinstance(self.group_by, str):
            raise ExpandError(f"--group-by must be text, got {shown(self.group_by)}")
        self._check_output()
        if self.balance and self.originals == "none":
            raise ExpandError("--balance keeps the originals; leave out --originals none")
        most = self.recipe.distinct
        if most is not None and self.factor > most:
            raise ExpandError(
                f'--factor {self.factor} is more than recipe "{self.recipe.name}" can give: {most} '
                "distinct views"
            )
        self.views  # noqa: B018  # checks the seed and the sampling

    def _check_output(self) -> None:
        """Refuse a form of the output that cannot be, or that other settings rule out."""
        if self.output not in OUTPUTS:
            raise ExpandError(f"--output must be {', '.join(OUTPUTS)}, got {shown(self.output)}")
        if self.manifest not in MANIFESTS:
            raise ExpandError(
                f"--manifest must be {', '.join(MANIFESTS)}, got {shown(self.manifest)}"
            )
        if not self.tars:
            if self.shard_size is not None:
                raise ExpandError("--tar-size needs --output webdataset")
            return
        size = self.shard_size
        if size is not None and (not is_whole(size) or not LEAST_SHARD <= size <= MOST_SHARD):
            raise ExpandError(f"--tar-size must be 1kB … 1TB, got {shown(size)}")
        if self.balance:
            raise ExpandError(
                "--balance gives images different numbers of views, and --output webdataset has "
                "a tar for each view of all of them; leave one out"
            )
        if self.originals == "link":
            raise ExpandError(
                "--originals link cannot be used with --output webdataset, which has the originals "
                "in tars; use --originals copy or none"
            )

    @property
    def tars(self) -> bool:
        """Whether the output is tars."""
        return self.output == WEBDATASET

    @property
    def views_written(self) -> range:
        """The views of every image that become files; not under a balance."""
        return range(1 if self.originals == "none" else 0, self.factor)

    @property
    def manifest_columns(self) -> tuple[str, ...] | None:
        """The columns that rows of a manifest in Parquet have beside the usual; None for JSONL."""
        if self.manifest == JSONL:
            return None
        group = () if self.group_by is None else ("group",)
        return (*group, "kept", "labels") if self.dataset else group

    @property
    def original_format(self) -> str:
        """The format that originals are written in: tars have images of one format."""
        return self.format if self.tars else "keep"

    @cached_property
    def views(self) -> Views:
        """All views of all images under these settings."""
        return Views(self.recipe, self.seed, self.sampling)

    def factor_of(self, label: str) -> int:
        """Return how many views an image of a class has, the original counted."""
        return self.balance.by_label.get(label, self.factor) if self.balance else self.factor

    def views_of(self, source: Source) -> int:
        """Return how many views an image has, the original counted: the most of its classes."""
        if not source.classes:
            return self.factor_of(source.label)
        return max(self.factor_of(name) for name, _ in source.classes)

    @property
    def largest(self) -> int:
        """The largest number of views of an image."""
        return max(self.balance.by_label.values(), default=1) if self.balance else self.factor

    @property
    def previewed(self) -> int:
        """The views that a contact sheet shows of an image: under a balance the first few."""
        return min(self.largest, MOST_PREVIEWED) if self.balance else self.factor

    def written_for(self, source: Source) -> range:
        """Return the views of an image that become files."""
        return range(1 if self.originals == "none" else 0, self.views_of(source))

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data; what is not used is left out."""
        parts = ("dataset", "balance", "group_by", *USUAL)
        values = {key: getattr(self, key) for key in self.__dataclass_fields__ if key not in parts}
        values["recipe"] = self.recipe.to_dict()
        dataset = {"dataset": asdict(self.dataset)} if self.dataset else {}
        balance = {"balance": self.balance.to_dict()} if self.balance else {}
        groups = {} if self.group_by is None else {"group_by": self.group_by}
        written = {key: getattr(self, key) for key in USUAL if getattr(self, key) != USUAL[key]}
        return values | dataset | balance | groups | written

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Settings:
        """Build the settings from the result of `to_dict`.

        Raise ExpandError for anything else: a run card may come from anyone.
        """
        for key, kinds in KINDS.items():
            if not isinstance(data.get(key), kinds) or isinstance(data.get(key), bool):
                raise ExpandError(f'the run card has a setting "{key}" that cannot be used')
        known = {key: data[key] for key in cls.__dataclass_fields__ if key in data}
        if "dataset" in known:
            known["dataset"] = DatasetSettings.from_dict(known["dataset"])
        if "balance" in known:
            known["balance"] = Balance.from_dict(known["balance"])
        return cls(**{**known, "recipe": Recipe.from_dict(data["recipe"])})
