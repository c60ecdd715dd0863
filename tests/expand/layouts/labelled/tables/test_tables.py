"""CSV files with labels: the rows of copies, in the form of the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from expand import ExpandError, Recipe, expand
from expand.layouts.groups import group_of
from expand.layouts.labelled.dataset import Dataset, Request
from expand.layouts.labelled.open import open_dataset
from tests.expand.layouts.labelled.tables.sets import flipped, images, table_of, write

THREE = ("images/a.png", "images/b.png", "images/c.png")
SAME: list[tuple[str, str, tuple[str, ...], str, str]] = [
    (
        "single label",
        "labels.csv",
        THREE,
        "file,label\na.png,cat\nb.png,dog\nc.png,cat\n",
        "file,label\na.png,cat\na_v1.png,cat\nb.png,dog\nb_v1.png,dog\nc.png,cat\nc_v1.png,cat\n",
    ),
    (
        "semicolons, quotes, Windows paths and line ends, no last line end, another order",
        "labels.csv",
        THREE,
        '\ufeff"file";"label"\r\n"images\\b.png";"x;""y"""\r\nimages\\a.png; dog \r\n./images/c.png;',
        (
            '\ufeff"file";"label"\r\n"images\\b.png";"x;""y"""\r\n"images\\b_v1.png";"x;""y"""\r\n'
            "images\\a.png; dog \r\nimages\\a_v1.png; dog \r\n./images/c.png;\r\n./images/c_v1.png;"
        ),
    ),
    (
        "stems, numbers as they are written",
        "labels.tsv",
        ("images/1.png", "images/2.png"),
        "id\tvalue\tother\n1\t1.50\t007\n2\t2e3\t-0\n",
        "id\tvalue\tother\n1\t1.50\t007\n1_v1\t1.50\t007\n2\t2e3\t-0\n2_v1\t2e3\t-0\n",
    ),
    (
        "labels in several columns",
        "labels.csv",
        THREE,
        "image_id,cat,left\na,1,0\nb,0,1\nc,1,1\n",
        "image_id,cat,left\na,1,0\na_v1,1,0\nb,0,1\nb_v1,0,1\nc,1,1\nc_v1,1,1\n",
    ),
    (
        "a cell with several lines, and blank lines",
        "labels.csv",
        THREE,
        'file,text\n\na.png,"two\nlines"\n\nb.png,"a ""b"""\nc.png,x\n\n',
        (
            'file,text\n\na.png,"two\nlines"\na_v1.png,"two\nlines"\n\nb.png,"a ""b"""\n'
            'b_v1.png,"a ""b"""\nc.png,x\nc_v1.png,x\n\n'
        ),
    ),
    (
        "no heading",
        "images/labels.csv",
        THREE,
        "a.png;3,5\nb.png;4,25\n",
        "a.png;3,5\na_v1.png;3,5\nb.png;4,25\nb_v1.png;4,25\n",
    ),
    (
        "a list with blanks",
        "train.txt",
        THREE,
        "images/a.png 0\nimages/b.png 1\n",
        "images/a.png 0\nimages/a_v1.png 0\nimages/b.png 1\nimages/b_v1.png 1\n",
    ),
    (
        "two columns that name the image, and the index of pandas",
        "labels.csv",
        THREE,
        ",id,path,n\n0,a,images/a.png,3\n1,b,images/b.png,4\n",
        (
            ",id,path,n\n0,a,images/a.png,3\n0,a_v1,images/a_v1.png,3\n"
            "1,b,images/b.png,4\n1,b_v1,images/b_v1.png,4\n"
        ),
    ),
    (
        "a path that leads up, and images in two folders",
        "tables/labels.csv",
        ("part_1/a.png", "part_2/b.png"),
        "file,n\n../part_1/a.png,3\nb,4\n",
        "file,n\n../part_1/a.png,3\n../part_1/a_v1.png,3\nb,4\nb_v1,4\n",
    ),
    (
        "several rows an image, that stay together",
        "labels.csv",
        THREE,
        "file,tag\na.png,x\na.png,y\nb.png,x\na.png,z\n",
        (
            "file,tag\na.png,x\na.png,y\na_v1.png,x\na_v1.png,y\nb.png,x\nb_v1.png,x\na.png,z\n"
            "a_v1.png,z\n"
        ),
    ),
    (
        "a line of Excel, and rows without anything",
        "labels.csv",
        THREE,
        "sep=;\nfile;n\na.png;3\n;\nb.png;4\n;\n;\n",
        "sep=;\nfile;n\na.png;3\na_v1.png;3\n;\nb.png;4\nb_v1.png;4\n;\n;\n",
    ),
    (
        "a comment",
        "labels.csv",
        THREE,
        "# mine\nfile,n\na.png,3\n",
        "# mine\nfile,n\na.png,3\na_v1.png,3\n",
    ),
    (
        "JSON Lines",
        "labels.jsonl",
        THREE,
        '{"n": 1.50, "image": "a.png", "é": [1,  2]}\n{"image":"b.png","é":null}',
        (
            '{"n": 1.50, "image": "a.png", "é": [1,  2]}\n{"n": 1.50, "image": "a_v1.png", "é": [1,  2]}\n'
            '{"image":"b.png","é":null}\n{"image":"b_v1.png","é":null}'
        ),
    ),
]


@pytest.mark.parametrize(
    ("name", "names", "before", "after"), [case[1:] for case in SAME], ids=[c[0] for c in SAME]
)
def test_rows_of_copies_follow_those_of_their_originals(
    name: str, names: tuple[str, ...], before: str, after: str, tmp_path: Path
) -> None:
    assert table_of(tmp_path, before, *names, name=name, layout="table") == after


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "latin-1"])
def test_the_encoding_is_kept(codec: str, tmp_path: Path) -> None:
    text = "file,label\na.png,café\n"
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": text.encode(codec)})
    out, _ = flipped(root, layout="table")
    assert (out / "labels.csv").read_bytes() == f"{text}a_v1.png,café\n".encode(codec)


def opened(root: Path, **request: str) -> Dataset:
    return open_dataset(root, Request(**request))  # type: ignore[arg-type]  # all are texts


def labels(root: Path, **request: str) -> dict[str, str]:
    with opened(root, **request) as dataset:
        return {source.id: source.label for source in dataset.listing}


PARTS: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    (
        "tables named after parts",
        {"train.csv": "id,label\na,cat\nb,dog\n", "test.csv": "id\nc\n"},
        {"images/a.png": "cat", "images/b.png": "dog"},
        "train split 2 images; test left as it is",
    ),
    (
        "a sample of a submission",
        {"labels.csv": "id,breed\na,x\nb,y\n", "sample_submission.csv": "id,breed\nc,x\n"},
        {},
        "",
    ),
    (
        "a column",
        {"labels.csv": "label,file,Split\ncat,a.png,Train\ndog,b.png,VAL\ncat,c.png,test\n"},
        {"images/a.png": "cat"},
        "train split 1 image; test and validation left as they are",
    ),
    (
        "a column that asks",
        {"labels.csv": "file,label,is_valid\na.png,cat,False\nb.png,dog,True\nc.png,cat,False\n"},
        {"images/a.png": "cat", "images/c.png": "cat"},
        "train split 2 images; validation left as it is",
    ),
    (
        "a list for each part",
        {
            "labels.csv": "file,label\na.png,cat\nb.png,dog\nc.png,cat\n",
            "train.txt": "images/a.png\nimages/c.png\n",
            "test.txt": "images/b.png\n",
        },
        {"images/a.png": "cat", "images/c.png": "cat"},
        "train split 2 images; test left as it is",
    ),
]


@pytest.mark.parametrize(
    ("tables", "grows", "title"), [case[1:] for case in PARTS], ids=[case[0] for case in PARTS]
)
def test_only_images_of_the_training_part_grow(
    tables: dict[str, str], grows: dict[str, str], title: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "set", {**images(*THREE), **tables})
    if not grows:
        with pytest.raises(ExpandError, match="has no part for training in its tables; it has"):
            opened(root)
        return
    with opened(root) as dataset:
        assert {source.id: source.label for source in dataset.listing} == grows
        assert dataset.title.endswith(title)
        assert dataset.problems == 0
    out, _ = flipped(root)
    first = next(iter(tables))
    assert (out / first).read_text().count("_v1") == len(grows)
    assert len(list(out.rglob("*_v1.png"))) == len(grows)
    for name in list(tables)[1:]:
        text = (out / name).read_text()
        assert text.count("_v1") == (len(grows) if name.startswith("train") else 0)


def test_numbers_name_images_in_folders_of_parts(tmp_path: Path) -> None:
    tables = {"trainLabels.csv": "id,label\n1,cat\n2,dog\n", "sample.csv": "id,label\n3,cat\n"}
    root = write(tmp_path / "set", {**images("train/1.png", "train/2.png", "test/3.png"), **tables})
    assert labels(root) == {"train/1.png": "cat", "train/2.png": "dog"}
    out, _ = flipped(root)
    assert (out / "trainLabels.csv").read_text() == "id,label\n1,cat\n1_v1,cat\n2,dog\n2_v1,dog\n"


def test_another_part_grows_if_it_is_chosen(tmp_path: Path) -> None:
    table = "file,label,fold\na.png,cat,1\nb.png,dog,2\nc.png,cat,2\n"
    root = write(tmp_path / "set", {**images(*THREE), "labels.csv": table})
    assert len(labels(root)) == 3
    with opened(root) as dataset:
        assert dataset.notes[0].startswith('copies are in the "fold" of their original')
        assert dataset.problems == 0
    assert set(labels(root, split="2")) == {"images/b.png", "images/c.png"}
    with pytest.raises(ExpandError, match="has no parts in its tables, so --split 9 names none"):
        opened(root, split="9")


def test_an_image_in_two_parts_is_a_fault(tmp_path: Path) -> None:
    table = "file,split\na.png,train\na.png,test\nb.png,train\nc.png,test\n"
    root = write(tmp_path / "set", {**images(*THREE), "labels.csv": table})
    with opened(root) as dataset:
        assert [source.id for source in dataset.listing] == ["images/b.png"]
        assert dataset.problems == 1
        assert "1 image is in two parts of the split and not expanded" in dataset.notes[0]


def test_folders_named_after_parts_say_the_part(tmp_path: Path) -> None:
    table = "file,label\ntrain/a.png,cat\ntest/a.png,dog\n"
    root = write(tmp_path / "set", {**images("train/a.png", "test/a.png"), "labels.csv": table})
    assert labels(root) == {"train/a.png": "cat"}
    bare = "id,label\na,cat\n"
    other = write(
        tmp_path / "bare", {**images("train/a.png", "test/a.png"), "train_labels.csv": bare}
    )
    assert labels(other) == {"train/a.png": "cat"}


CLASSES = [
    ("file,label\na.png,cat\nb.png,dog\nc.png,cat\n", ["cat", "dog", "cat"]),
    ("file,label,label_name\na.png,0,cat\nb.png,1,dog\nc.png,0,cat\n", ["cat", "dog", "cat"]),
    ("file,kind\na.png,4\nb.png,4\nc.png,4\n", ["4", "4", "4"]),
    ("file,label\na.png,cat|dog\nb.png,dog\nc.png,cat\n", ["", "", ""]),
    ("file,labels\na.png,cat dog\nb.png,dog\nc.png,cat\n", ["", "", ""]),
    ("file,target\na.png,0.5\nb.png,1.25\nc.png,3\n", ["", "", ""]),
    ("file,text\na.png,one\nb.png,two\nc.png,three\n", ["", "", ""]),
    ("file,label,species\na.png,1,x\nb.png,1,y\nc.png,2,x\n", ["", "", ""]),
    ("file,label,width,height\na.png,1,80,60\nb.png,2,80,60\nc.png,2,80,60\n", ["1", "2", "2"]),
]


@pytest.mark.parametrize(("table", "expected"), CLASSES)
def test_the_only_column_of_classes_is_the_class(
    table: str, expected: list[str], tmp_path: Path
) -> None:
    root = write(tmp_path / "set", {**images(*THREE), "labels.csv": table})
    assert list(labels(root).values()) == expected


def test_class_folders_are_classes_if_no_column_is(tmp_path: Path) -> None:
    rows = "file,width,tag\n0/a.png,80,x\n1/a.png,80,y\n1/b.png,80,x\n"
    names = ("0/a.png", "1/a.png", "1/b.png")
    root = write(tmp_path / "set", {**images(*names), "sizes.csv": rows})
    assert labels(root) == {"0/a.png": "0", "1/a.png": "1", "1/b.png": "1"}
    parts = {"part_1/a.png": None, "part_2/b.png": None, "l.csv": "id,age,n\na,1,x\nb,2,x\n"}
    assert set(labels(write(tmp_path / "parts", parts)).values()) == {""}


@pytest.mark.parametrize("text", ['{"a.png": 1}', '[{"file": "images/a.png", "label": 2}]'])
def test_labels_in_other_json_are_refused(text: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", {**images(*THREE), "labels.json": text})
    with pytest.raises(ExpandError, match="is a dataset with annotations"):
        opened(root)


def test_several_tables_for_the_same_images_all_grow(tmp_path: Path) -> None:
    files = {"attributes.csv": "id,red,big\na,1,0\nb,0,1\n", "labels.csv": "id,label\nb,x\na,y\n"}
    root = write(tmp_path / "set", {**images("i/a.png", "i/b.png"), **files})
    out, report = flipped(root)
    assert (out / "labels.csv").read_text() == "id,label\nb,x\nb_v1,x\na,y\na_v1,y\n"
    assert (out / "attributes.csv").read_text().count("_v1") == 2
    assert report.status == 0
    (root / "more.csv").write_text("id,label\na,z\n")
    with pytest.raises(ExpandError, match='"labels.csv" and "more.csv" both name "i/'):
        opened(root)


def test_columns_are_said_for_all_tables_that_have_them(tmp_path: Path) -> None:
    files = {
        "train.csv": "id,x,y\na,5,6\n",
        "train_ages.csv": "id,age\na,31\n",
        "test.csv": "id,x,y,angle\nb,5,6,7\n",
    }
    root = write(tmp_path / "set", {**images("i/a.png", "i/b.png"), **files})
    out, _ = flipped(root, columns="x=x,y=y")
    assert (out / "train.csv").read_text() == "id,x,y\na,5,6\na_v1,74,6\n"
    assert (out / "test.csv").read_text() == files["test.csv"]


def test_the_size_of_an_image_is_that_of_its_copy(tmp_path: Path) -> None:
    root = write(
        tmp_path / "set",
        {**images("a.png", "b.png"), "t.csv": "id,width,height\na,80,60\nb,7,9\n"},
    )
    out, _ = flipped(root, factor=1)
    assert (out / "t.csv").read_bytes() == (root / "t.csv").read_bytes()
    expand(root, tmp_path / "turned", 2, Recipe.parse("techniques: [rotate90]"), workers=1)
    text = (tmp_path / "turned/t.csv").read_text()
    assert text.splitlines()[2] in ("a_v1,60,80", "a_v1,80,60")
    assert "b_v1,7,9" in text


FAULTS = [
    ("file,label\na.png,cat\nz.png,dog\n", '1 row of a table names an image that is not there: "z.png" ("labels.csv", line 3)'),
    ("file,label\na.png,cat\n,dog\n", "1 row of a table names no image"),
    ("file,label\na.png,cat\nREADME.md,dog\n", "no image of a supported format"),
    ("file,label\na.png,cat\na.png,dog\n", "1 image has rows of different classes"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "sentence"), FAULTS)
def test_faulty_rows_are_kept_and_counted(table: str, sentence: str, tmp_path: Path) -> None:
    files = {**images(*THREE), "labels.csv": table, "README.md": "x"}
    root = write(tmp_path / "set", files)
    with opened(root) as dataset:
        assert dataset.problems == 1
        assert sentence in dataset.notes[0]
        assert (
            '2 images have no row in a table; they are kept as they are: "images/b.png"'
            in dataset.notes
        )
    out, report = flipped(root)
    assert report.status == 1
    assert table.splitlines()[2] in (out / "labels.csv").read_text().splitlines()
    assert (out / "images/b.png").exists()


def test_a_row_with_too_many_cells_makes_its_image_bad(tmp_path: Path) -> None:
    table = "file,label\na.png,cat\nb.png,dog,3\nc.png,cat,,\n"
    root = write(tmp_path / "set", {**images(*THREE), "labels.csv": table})
    out, report = flipped(root)
    assert report.status == 1
    assert [bad.reason for bad in report.summary.bad] == [
        '"labels.csv", line 3: has 3 cells, and there are 2 columns'
    ], report.summary
    assert (out / "labels.csv").read_text() == (
        "file,label\na.png,cat\na_v1.png,cat\nc.png,cat,,\nc_v1.png,cat,,\n"
    )


REFUSED = [
    ("file,label\n/data/a.png,cat\na.png,dog\n", "is an absolute path"),
    ("file,label\nhttp://x/a.png,cat\na.png,dog\n", "is an absolute path"),
    ("file,label\n../../z.png,cat\na.png,dog\n", "is outside the dataset"),
    ('file,label\na.png,"cat\nb.png,dog\n', "line 2: a quote is opened and never closed"),
    ("file,mask\na.png,b.png\nb.png,c.png\nc.png,a.png\n", "names two images in a row"),
    ("file,split\na.png,x\nb.png,y\nc.png,y\n", "none of these is a training part"),
    ("file,split\na.png,test\nb.png,test\n", "has no part for training in its tables; it has"),
    ("file;xmin\na.png;1,5\nb.png;2,5\n", "have decimal commas"),
    ("file,steering\na.png,0.5\nb.png,-0.25\n", "--columns steering=ignore"),
    ("file,x,y\na.png,5,6\nb.png,2,3\n", "--columns x=x,y=y"),
    ("file,keypoints\na.png,5 6 7\nb.png,2 3\n", "--columns keypoints=ignore"),
    ("a.png,5,6\nb.png,2,3\n", "has no names of columns"),
    ("file,EncodedPixels\na.png,1 3 10 5\nb.png,\n", "EncodedPixels"),
    ("file,gyro_x,gyro_y\na.png,5,6\nb.png,2,3\n", "gyro_x=ignore,gyro_y=ignore"),
]


@pytest.mark.parametrize(("table", "reason"), REFUSED)
def test_what_is_unclear_is_refused_in_words(table: str, reason: str, tmp_path: Path) -> None:
    root = write(tmp_path / "set", {**images(*THREE), "labels.csv": table})
    with pytest.raises(ExpandError) as refused:
        flipped(root)
    assert reason in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_name_of_several_images_is_refused(tmp_path: Path) -> None:
    files = {**images("x/a.png", "y/a.png"), "labels.csv": "id,label\na,cat\n"}
    with pytest.raises(ExpandError, match='"a" can be "x/a.png" and "y/a.png"'):
        opened(write(tmp_path / "set", files))


@pytest.mark.parametrize("data", [b"a\0b", b"file,label\n", b"", b"\xff\xfea"])
def test_what_is_no_table_is_refused(data: bytes, tmp_path: Path) -> None:
    root = write(tmp_path / "set", {**images("a.png"), "labels.csv": data})
    with pytest.raises(ExpandError):
        opened(root, layout="table")


def test_paths_that_begin_above_the_dataset_are_found(tmp_path: Path) -> None:
    names = ("train/p1/view.png", "train/p2/view.png", "valid/p1/view.png")
    files = {
        "train.csv": "Path,Age\nCheXpert/train/p1/view.png,3\nCheXpert/train/p2/view.png,4\n",
        "valid.csv": "Path,Age\nCheXpert/valid/p1/view.png,5\n",
    }
    root = write(tmp_path / "set", {**images(*names), **files})
    assert set(labels(root)) == set(names[:2])
    out, report = flipped(root)
    assert report.status == 0
    assert (out / "train.csv").read_text().splitlines()[2] == "CheXpert/train/p1/view_v1.png,3"
    own = write(tmp_path / "own", {**images("a.png"), "t.csv": "id,n\nown/a.png,3\n"})
    assert set(labels(own)) == {"a.png"}


def test_accents_are_compared_however_they_are_encoded(tmp_path: Path) -> None:
    name = "e\u0301te\u0301/e\u0301.png"
    table = "file,n\n\u00e9.png,3\n"
    root = write(tmp_path / "set", {**images(name), "e\u0301te\u0301/l.csv": table})
    out, _ = flipped(root)
    assert len(list(out.rglob("*_v1.png"))) == 1
    assert "e\u0301_v1.png,3" in (out / "e\u0301te\u0301/l.csv").read_text()


def test_trees_are_equal_whatever_the_workers_and_restarts(tmp_path: Path) -> None:
    rows = [f"{name}.png,{x},{x + 1},{x + 20},{x + 9},c" for x in (1, 5) for name in "dbace"]
    files = {**images(*(f"i/{name}.png" for name in "abcde")), "t.csv": "\n".join(rows)}
    root = write(tmp_path / "set", files)
    expand(root, tmp_path / "one", 3, workers=1)
    expand(root, tmp_path / "two", 2, workers=1)
    expand(root, tmp_path / "two", 3, workers=2)
    for name in ("t.csv", "expand.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_table_of_addresses_is_refused(tmp_path: Path) -> None:
    table = "TRAINING,gs://bucket/a.png,cat,0.1,0.2,,,0.5,0.6,,\n"
    root = write(tmp_path / "set", {**images("a.png"), "automl.csv": table})
    with pytest.raises(ExpandError, match="names images by absolute paths or addresses"):
        opened(root)


PLACES = [
    ("images/labels.csv", "images/a.png"),
    ("labels.csv", "images/deep/a.png"),
    ("annotations/labels.csv", "images/a.png"),
    ("csv/labels.csv", "images/a.png"),
    ("photos/labels.csv", "photos/jpg/a.png"),
    ("tables of mine/labels.csv", "photos/a.png"),
]


@pytest.mark.parametrize(("table", "image"), PLACES)
def test_a_table_is_found_where_it_lies(table: str, image: str, tmp_path: Path) -> None:
    root = write(
        tmp_path / "set", {**images(image, image[:-5] + "b.png"), table: "id,n\na,3\nb,4\n"}
    )
    with opened(root) as dataset:
        assert dataset.layout == "table"
        assert [source.id for source in dataset.listing] == [image, image[:-5] + "b.png"]


@pytest.mark.parametrize("folder", ["", "meta/"])
def test_lists_of_parts_say_which_images_of_class_folders_grow(folder: str, tmp_path: Path) -> None:
    names = ["images/cat/a.png", "images/cat/b.png", "images/dog/a.png", "images/dog/c.png"]
    lists = {f"{folder}train.txt": "cat/a\ndog/a\n", f"{folder}test.txt": "cat/b\ndog/c\n"}
    root = write(tmp_path / "set", {**images(*names), **lists})
    assert labels(root) == {"images/cat/a.png": "cat", "images/dog/a.png": "dog"}
    out, report = flipped(root)
    assert report.status == 0
    assert (out / folder / "train.txt").read_text() == "cat/a\ncat/a_v1\ndog/a\ndog/a_v1\n"
    assert (out / folder / "test.txt").read_text() == "cat/b\ndog/c\n"
    assert len(list(out.rglob("*.png"))) == 6


BESIDE: list[tuple[dict[str, str | None], str]] = [
    ({"images/a.png": None, "annotations/a.xml": "<annotation><object>"}, "--as voc"),
    ({"images/a.png": None, "labels/a.txt": "0 0.5 0.5 0.1 0.1\n"}, "--as yolo"),
]


@pytest.mark.parametrize(("files", "command"), BESIDE)
def test_a_table_beside_other_labels_is_refused_with_each_reading(
    files: dict[str, str | None], command: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "set", {**files, "ages.csv": "id,age\na,31\n"})
    with pytest.raises(ExpandError) as refused:
        opened(root)
    assert command in str(refused.value)
    assert "--as table" in str(refused.value)
    with opened(root, layout="table") as dataset:
        assert len(dataset.listing) == 1


def test_columns_that_all_rows_agree_on_are_in_the_annotation(tmp_path: Path) -> None:
    table = "file,patient,eye\na.png,P1,l\na.png,P1,r\nb.png,P2,l\nc.png,P1,l\n"
    root = write(tmp_path / "set", {**images(*THREE), "labels.csv": table})
    with opened(root) as dataset:
        sources = list(dataset.listing)
    assert [group_of(each.id, each.annotation, "patient") for each in sources] == ["P1", "P2", "P1"]
    assert [group_of(each.id, each.annotation, "eye") for each in sources] == ["", "l", "l"]


def test_parts_are_chosen_by_any_of_their_names(tmp_path: Path) -> None:
    names = ("train/a.png", "val/b.png", "val/c.png")
    table = "id,n\ntrain/a,1\nval/b,2\n"
    root = write(tmp_path / "set", {**images(*names), "labels.csv": table})
    for split in ("val", "validation", "valid"):
        with opened(root, split=split) as dataset:
            assert [source.id for source in dataset.listing] == ["val/b.png"]
            assert dataset.notes == (
                '1 image has no row in a table; it is kept as it is: "val/c.png"',
            )


def test_other_tables_that_cannot_be_read_are_said_and_kept(tmp_path: Path) -> None:
    files = {
        "labels.csv": "id,n\na,1\nb,2\n",
        "log.jsonl": "{}\n[\n",
        "x.csv": b"a\0\0b",
        "y.txt": b"\0",
    }
    root = write(tmp_path / "set", {**images("i/a.png", "i/b.png"), **files})
    with opened(root) as dataset:
        assert dataset.problems == 2
        assert dataset.notes[0].startswith('"log.jsonl", line 2: is not JSON')
        assert dataset.notes[1] == (
            '"x.csv" is not a text file: it has zero bytes; it is kept as it is'
        )
    out, _ = flipped(root)
    assert all((out / name).read_bytes() == (root / name).read_bytes() for name in list(files)[1:])


@pytest.mark.parametrize(
    ("name", "table", "reason"),
    [
        ("labels.csv", "file,EncodedPixels\na.png,1 3 10 5\n", "Run lengths are not read here"),
        ("labels.csv", "file,label\na.png,a\nb.png,b\0\n", "has zero bytes"),
        (
            "labels.jsonl",
            '{"image": "a.png", "prefix": "<OD>", "suffix": "cat<loc_1><loc_2><loc_3><loc_4>"}\n',
            "has places as tokens",
        ),
        (
            "labels.csv",
            'file,outline\na.png,"[[1, 2], [3, 4], [5, 1]]"\nb.png,\n',
            '"outline".*--columns outline=ignore',
        ),
        ("labels.csv", "image,label\n/data/upload/1/a.png,cat\n", 'remove "/data/upload/1/"'),
    ],
)
def test_what_a_table_cannot_say_of_copies_is_refused(
    name: str, table: str, reason: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "set", {**images("images/a.png", "images/b.png"), name: table})
    with pytest.raises(ExpandError, match=reason):
        open_dataset(root)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("list_eval_partition.csv", "image_id,partition\n{0}"),
        ("list_eval_partition.txt", "{0}"),
    ],
)
@pytest.mark.parametrize(("split", "grown"), [("", ["1.png"]), ("val", ["2.png"])])
def test_a_table_of_numbered_parts_tells_them(
    name: str, table: str, split: str, grown: list[str], tmp_path: Path
) -> None:
    separator = "," if name.endswith(".csv") else " "
    rows = "".join(f"{n}.png{separator}{n - 1}\n" for n in (1, 2, 3))
    identity = "1.png 7\n2.png 8\n3.png 7\n"
    root = write(
        tmp_path / "set",
        {**images("img/1.png", "img/2.png", "img/3.png")}
        | {name: table.format(rows), "identity.txt": identity},
    )
    with open_dataset(root, Request(split=split)) as dataset:
        assert [Path(source.id).name for source in dataset.listing] == grown
        assert dataset.parts == (
            dataset.split,
            *sorted({"train", "validation", "test"} - {dataset.split}),
        )
