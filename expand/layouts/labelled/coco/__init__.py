"""COCO: boxes, polygons, RLE masks, keypoints and captions in JSON files for many images."""
