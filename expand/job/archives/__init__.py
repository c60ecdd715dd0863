"""An expanded dataset as tars: the job that writes them, and its checks."""
