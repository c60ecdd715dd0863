"""Forms of annotations that are not read: which program wrote them, and what it can write instead.

All are told by the beginning and the end of a file.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Form(NamedTuple):
    """A form of annotations."""

    title: str
    pattern: re.Pattern[str]
    remedy: str
    """What to do; it continues "are not read, and would be lost:"."""


def _form(title: str, pattern: str, remedy: str, flags: re.RegexFlag = re.DOTALL) -> Form:
    return Form(title, re.compile(pattern, flags), remedy)


COMMON = "write them as a CSV table, or in the format of COCO, YOLO or Pascal VOC"
ROWS = "write them in the format of YOLO, COCO or Pascal VOC"
LINES = re.MULTILINE
VIA = re.compile("region_shape_attributes|# Exported using VGG Image")
"""What the beginning of a table of VIA has."""
FORMS = (
    _form(
        "of VIA",
        r'"shape_attributes"|_via_settings|region_shape_attributes|# Exported using VGG Image',
        'choose "Export Annotations (COCO format)" in VIA, and put that file here instead',
    ),
    _form(
        "of Label Studio",
        r'"from_name"\s*:|"original_width"\s*:|original_width|"annotator"\s*:',
        'choose "Export" in Label Studio, and there YOLO with images, or COCO with images',
    ),
    _form(
        "of Supervisely",
        r'"classTitle"\s*:|"geometryType"\s*:|"geometry_config"\s*:',
        "export the project from Supervisely in the format of COCO, YOLO or Pascal VOC",
    ),
    _form(
        "of Datumaro",
        r'"categories"\s*:\s*\{.*"items"\s*:\s*\[|"items"\s*:\s*\[.*"categories"\s*:\s*\{|'
        r'"items"\s*:\s*\[.*"annotations"\s*:',
        "convert them: datum convert -i DATASET -if datumaro -f coco -o CONVERTED -- --save-media",
    ),
    _form(
        "of CreateML",
        r'"coordinates"\s*:\s*\{',
        "export the dataset once more as COCO, YOLO or Pascal VOC",
    ),
    _form(
        "of BDD100K or Scalabel",
        r'"box2d"\s*:|"poly2d"\s*:',
        "convert them to COCO: python -m scalabel.label.to_coco",
    ),
    _form("of Labelbox", r'"data_row"\s*:|"Labeled Data"\s*:', f"{COMMON} with Labelbox's exports"),
    _form(
        "of CVAT",
        r"<annotations[\s>].*<(image|meta|version)[\s>]",
        'choose "Export task dataset" in CVAT, and there COCO 1.0, YOLO or Pascal VOC',
    ),
    _form("of dlib", r"<dataset[\s>].*<image\s[^>]*file=", COMMON),
    _form("of PAGE", r"<PcGts[\s>]", COMMON),
    _form(
        "of labelme",
        r'"shapes"\s*:\s*\[|"imagePath"',
        "convert them: pip install labelme2yolo, and then labelme2yolo --json_dir FOLDER",
    ),
)
"""Those in JSON, XML and CSV, the surest first."""
NUMBER = r"-?\d+(?:\.\d*)?(?:[eE]-?\d+)?"
TEXTS = (
    _form("of KITTI", rf"^[A-Za-z][\w-]*(?: {NUMBER}){{14,15}}\s*$", ROWS, LINES),
    _form("of DOTA", rf"^(?:{NUMBER}\s+){{8}}[A-Za-z][\w-]*(?:\s+\d)?\s*$", ROWS, LINES),
    _form("of ICDAR (corners and a text)", rf"^(?:{NUMBER}\s*,\s*){{8}}\S.*$", ROWS, LINES),
    _form("with a name and a box", rf"^[A-Za-z][\w-]*(?:[ ,\t]+{NUMBER}){{4,}}\s*$", ROWS, LINES),
    _form("with boxes", rf"^{NUMBER}(?:[ ,\t]+{NUMBER}){{3,}},?\s*$", ROWS, LINES),
)
"""Those in text files, one for each image: what each line with an object is."""
HEAD = re.compile(r"(imagesource|gsd|acquisition dates)\s*:", re.IGNORECASE)
NAME = r"\S[^\r\n]*\.(?:jpe?g|png|bmp|tiff?|webp)"
LISTS = (
    _form(
        "of WIDER FACE",
        rf"^{NAME}\s*\r?\n\d+\s*\r?\n(?:{NUMBER} ){{3,}}",
        ROWS,
        re.MULTILINE | re.IGNORECASE,
    ),
    _form(
        "of keras-yolo3 (boxes after the name of each image)",
        rf"^{NAME}(?:\s+\d+,\d+,\d+,\d+,\d+)+\s*$",
        "write them in the format of YOLO, or of COCO (Roboflow exports both)",
        re.MULTILINE | re.IGNORECASE,
    ),
)
"""Those in a text file for all images."""


def advise(text: str) -> str:
    """Return whose annotations a JSON, XML or CSV text has, and what to do."""
    form = next((each for each in FORMS if each.pattern.search(text)), None)
    return (
        _sentence(form)
        if form
        else f"Labels in this form are not read, and would be lost: {COMMON}"
    )


def advise_text(text: str) -> str:
    """Return the same of the text file of one image; "" if it says no places."""
    lines = [line.rstrip() for line in text.splitlines()[:20]]
    filled = [line for line in lines if line and not HEAD.match(line)]
    if len(filled) > 1:
        filled = filled[:-1]  # the last one may be cut off
    for form in TEXTS if filled else ():
        if all(form.pattern.match(line) for line in filled):
            return _sentence(form)
    return ""


def advise_list(text: str) -> str:
    """Return the same of a text file that names images; "" if it says no places."""
    form = next((each for each in LISTS if each.pattern.search(text)), None)
    return _sentence(form) if form else ""


def _sentence(form: Form) -> str:
    return (
        f"Labels in the form {form.title} are not read, and would be lost: {form.remedy}".replace(
            "in the form with", "with"
        )
    )
