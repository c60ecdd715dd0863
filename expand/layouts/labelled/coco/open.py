"""Open a COCO dataset: its images with their annotations, and the files that are written anew."""

from __future__ import annotations

from importlib.util import find_spec

from expand.errors import ExpandError
from expand.layouts.labelled.coco.annotation import write_annotation
from expand.layouts.labelled.coco.derive import Derivation
from expand.layouts.labelled.coco.files.chosen import Chosen, choose, png_path
from expand.layouts.labelled.coco.files.collect import read_files
from expand.layouts.labelled.coco.files.find import read_tree
from expand.layouts.labelled.coco.labels import CocoLabels
from expand.layouts.labelled.coco.notes import MASKS, RLE, classes_of, names_of, notes_of, title_of
from expand.layouts.labelled.coco.objects.skeletons import Skeleton, find_skeletons
from expand.layouts.labelled.dataset import Dataset
from expand.layouts.labelled.opening import Opening
from expand.layouts.labelled.scan import KEPT, MADE, Role, Use, list_dataset
from expand.layouts.listing import Listing
from expand.layouts.names import compose


def open_coco(opening: Opening) -> Dataset:
    """Open a COCO dataset in any of its usual folder orders.

    Raise ExpandError for a malformed file, with its line, and if it is ambiguous which images a
    file is about, or which part grows.
    """
    root = opening.root
    tree = read_tree(root)
    files, errors = read_files(root, tree, opening.request.split)
    chosen = choose(root, files, opening.request.split, alone=len(files) + len(errors) == 1)
    kinds = frozenset[str]().union(*(coco.kinds for coco in chosen.files))
    if kinds & RLE and find_spec("pycocotools") is None:
        raise ExpandError('masks of a COCO dataset need pycocotools: pip install ".[labels]"')
    missing = sorted(path for path in chosen.growing if path not in tree.images)
    listing, unnamed = _list(opening, chosen)
    notes, problems = notes_of(chosen, missing, unnamed)
    return Dataset(
        "coco",
        title_of(chosen, kinds, len(listing)),
        listing,
        chosen.part.name,
        CocoLabels(_skeletons(chosen), names_of(chosen.files), "panoptic" in kinds),
        Derivation(chosen.files, chosen.growing).files,
        "boxes" in kinds and not kinds & (MASKS | {"keypoints"}),
        tuple(classes_of(chosen.files)),
        (*notes, *(f"kept as it is: {error}" for error in errors)),
        problems,
        tuple(sorted((chosen.part.name, *chosen.kept))) if chosen.part.kind else (),
    )


def _skeletons(chosen: Chosen) -> dict[str, dict[str, Skeleton]]:
    found = {coco.path: find_skeletons(coco.categories) for coco in chosen.files}
    return {path: skeletons for path, skeletons in found.items() if skeletons}


def _list(opening: Opening, chosen: Chosen) -> tuple[Listing, list[str]]:
    """List the dataset; return the images that no COCO file names, too."""
    written, unnamed = {coco.path for coco in chosen.files}, list[str]()
    pngs = _pngs(chosen)

    def decide(path: str, is_image: bool) -> Use:
        """Return the use of a file."""
        known = compose(path)
        if path in written or known in pngs:
            return MADE
        if is_image and (entries := chosen.growing.get(known)):
            return Use(Role.GROWS, annotation=write_annotation(chosen.files, entries))
        if is_image and known not in chosen.others:
            unnamed.append(path)
        return KEPT

    return list_dataset(opening.root, decide, opening.folders), unnamed


def _pngs(chosen: Chosen) -> set[str]:
    """Return the PNG files of the panoptic annotations of images that grow."""
    return {
        png_path(coco, coco.pngs[annotation])
        for entries in chosen.growing.values()
        for coco, entry in ((chosen.files[entry.file], entry) for entry in entries)
        if coco.pngs
        for annotation in coco.annotations_of(entry.image)
    }
