"""Images: files to pixels (`decoder.decode`) and back (`encoder.encode`), without loss.

Nothing is imported here: `formats` and `pixels` are used without OpenCV and Pillow.
"""
