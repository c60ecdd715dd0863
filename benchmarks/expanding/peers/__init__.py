"""What each arm runs: scripts of their own, since each peer has its own environment.

Each is called as `SCRIPT SRC OUT COPIES WORKERS MODE` and writes COPIES JPEGs (quality 90) or PNGs
of each image to OUT. All but `codecs` know nothing of this project.
"""
