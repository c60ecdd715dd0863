"""Words in the names of columns and tables that say what is in them, in lower case."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLACES = _set(
    "xmin xmax ymin ymax minx maxx miny maxy xcenter ycenter xcentre ycentre cx cy xc yc xtl ytl "
    "xbr ybr u v row col column left top right bottom centroid"
)
"""Words of columns with a number that is a place in an image."""
ANGLES = _set(
    "angle angles steering theta yaw roll heading azimuth orientation rotation rot tilt direction "
    "bearing"
)
TEXTS = _set(
    "bbox bboxes box boxes boundingbox boundingboxes keypoint keypoints kpts landmark landmarks "
    "polygon polygons segmentation segmentations rle encoded mask masks points point coords coord "
    "coordinates contour contours corners vertices roi rois rect rectangle quad location position "
    "region regions shape shapes annotation annotations geometry pose joints skeleton"
)
"""Words of columns with the text of places: two numbers at least."""
NO_POINTS = _set(
    "acc accel acceleration gyro mag size scale offset resolution res dpi pixels pixel shape step "
    "spacing velocity speed rotation grid tile world map gps"
)
"""Words of pairs of x and y that are not points in the image."""
MOVING_KEYS = _set(
    "keypoint keypoints segmentation segmentations polygon polygons mask masks rle landmarks "
    "points angle rotation"
)
"""Words of keys of objects that move beside their boxes."""
SIZE_KEYS = _set("size shape resolution width height")
"""Words of keys whose lists are not lists of objects."""
CLASSES = _set(
    "label labels labelname labelid class classes classname classid classlabel category categories "
    "categoryname categoryid target targets species breed diagnosis dx cls"
)
"""Names of columns with the class of an image."""
NO_CLASSES = _set("tag tags attribute attributes attrs caption captions text prompt")
CLASS_LISTS = _set("class classes names categories category mapping map")
"""Words of tables that list classes."""
PARTS = _set("split splits set subset dataset partition phase usage part fold stage")
"""Names of columns with the part of a split."""
SURE_PARTS = _set("split splits partition subset")
"""Those that say so whatever the values are."""
