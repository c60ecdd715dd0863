"""Datasets at a URL: listed as in a local folder, and refused with the command that copies them."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expand.errors import ExpandError
from expand.layouts.labelled.dataset import Request
from expand.layouts.labelled.open import open_dataset
from expand.layouts.stored.open import open_stored
from expand.layouts.stored.tree import StoredTree
from expand.layouts.walk import walk
from expand.storage.stores.open import open_store
from expand.storage.stores.store import Entry
from expand.storage.stores.url import Url
from tests.conftest import Folder
from tests.stores import fill

SETS = {
    "class folders": ["cat/1.png", "cat/2.JPG", "dog/deep/1.png", "dog-x/1.png", "Dog.z/1.png"],
    "what is ignored": [
        "cat/1.png",
        "cat/a.txt",
        "cat/.x.png",
        ".git/1.png",
        "top.png",
        "notes.md",
    ],
    "an empty class": ["cat/1.png", "cat/x.heic", "dog/readme.txt"],
    "flat": ["1.png", "2.png", "readme.md", "more/3.png"],
}
REFUSED = {
    "an expanded dataset": ["expand.json", "metadata.jsonl", "cat/1.png"],
    "two names": ["cat/1.png", "cat/1_v1.png"],
    "names that differ in case": ["cat/a.png", "cat/A.png"],
    "no images": ["cat/a.txt"],
}


def stored(folder: Path) -> Url:
    name = uuid4().hex
    fill(f"memory://{name}/set", folder)
    return Url("memory", name, "set")


@pytest.mark.parametrize("what", SETS)
def test_a_stored_dataset_is_listed_as_a_folder_is(what: str, class_folder: Folder) -> None:
    folder = class_folder({name: name.encode() for name in SETS[what]})
    with open_dataset(folder, factor=4) as here, open_stored(stored(folder), factor=4) as there:
        files = [source._replace(version="") for source in there.listing.files()]
        assert files == list(here.listing.files())
        assert there.listing.summary == here.listing.summary
        assert (there.layout, there.title) == (here.layout, here.title)


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_folder_is_refused_for_a_store_is_too(what: str, class_folder: Folder) -> None:
    folder = class_folder({name: name.encode() for name in REFUSED[what]})
    url = stored(folder)
    with pytest.raises(ExpandError) as here:
        open_dataset(folder, factor=4)
    with pytest.raises(ExpandError) as there:
        open_stored(url, factor=4)
    assert there.value.status == 2
    said = re.sub(r"\bsrc/<", "set/<", str(here.value))
    assert str(there.value) == said.replace(str(folder), str(url))


def test_a_labelled_set_is_refused_with_the_command_that_copies_it(class_folder: Folder) -> None:
    folder = class_folder({"images/1.png": b"", "labels/1.txt": b"0 .5 .5 .2 .2\n"})
    with pytest.raises(ExpandError, match=r"is a YOLO dataset: it has .*copy it first: "):
        open_stored(stored(folder))
    with pytest.raises(ExpandError, match="copy it first: aws s3 sync 's3://a b' DIR"):
        open_stored(Url("s3", "a b"), Request("coco"))


def test_the_training_part_is_named(class_folder: Folder) -> None:
    folder = class_folder({"train/cat/1.png": b"", "val/cat/2.png": b"", "train/dog/1.png": b""})
    with pytest.raises(ExpandError, match=r"expand memory://\w+/set/train OUT"):
        open_stored(stored(folder))


def test_the_empty_object_that_marks_a_folder_is_passed_over() -> None:
    url = f"memory://{uuid4().hex}"
    store = open_store(url)
    store.write_many([("cat/1.png", b"x"), ("cat", b""), ("dog/1.png", b"y")])
    parsed = Url("memory", url.removeprefix("memory://"))
    with open_stored(parsed) as dataset:
        assert [source.id for source in dataset.listing] == ["cat/1.png", "dog/1.png"]
        assert dataset.listing.summary.foreign == 0


def test_a_name_that_is_too_long_for_this_machine_is_listed() -> None:
    url, name = Url("memory", uuid4().hex), f"cat/{'n' * 300}.png"
    open_store(url).write_many([(name, b"x"), ("cat/readme.txt", b"")])
    with open_stored(url) as dataset:
        assert [source.id for source in dataset.listing] == [name]


NAMES = st.lists(st.sampled_from("ab-."), min_size=1, max_size=3).map("".join)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(st.sets(PATHS, max_size=30))
def test_a_tree_is_walked_in_the_order_of_its_paths(names: set[str]) -> None:
    folders = {
        "/".join(parts[:n])
        for parts in map(str.split, names, "/" * len(names))
        for n in range(1, len(parts))
    }
    files = {
        name
        for name in names
        if name not in folders and not any(part[0] == "." for part in name.split("/"))
    }
    tree = StoredTree("/root", [[Entry(name, len(name)) for name in sorted(names, reverse=True)]])
    walked = [
        f"{frame.prefix}{name}"
        for frame, name, _ in walk("/root", lambda _frame: None, tree)
        if name is not None
    ]
    assert walked == sorted(files, key=lambda name: name.split("/"))
    assert all(tree.status(f"/root/{name}").size == len(name) for name in files)
