"""Pascal VOC: an XML file for each image, masks in PNG, and lists of the images of each part."""
