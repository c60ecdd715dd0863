"""Blocks: a dataset in an object store, expanded a fixed share at a time, without an order.

A block is what a worker does at once, what is done or not after a kill, and what shards share.
"""
