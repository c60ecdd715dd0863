"""The stages of an expansion: which functions belong to which. The one list to change."""

from __future__ import annotations

from typing import NamedTuple


class Timed(NamedTuple):
    """A function whose time is counted, without that of the functions of this list in it."""

    stage: str
    module: str
    name: str
    """A function of the module, or "Class.method"."""
    whole: bool = False
    """Whether the functions in it are not counted apart."""

    @property
    def label(self) -> str:
        """Its name for a table."""
        return f"{self.module.removeprefix('expand.')}.{self.name}"


STAGES = (
    Timed("plan", "expand.job.planning.opening", "make_plan"),
    Timed("plan", "expand.job.planning.estimate", "estimate", whole=True),
    Timed("plan", "expand.job.output", "_prepare", whole=True),
    Timed("plan", "expand.records.card", "write_card"),
    Timed("scan", "expand.layouts.class_folders", "list_sources"),
    Timed("scan", "expand.layouts.listing", "Listing.__iter__"),
    Timed("scan", "expand.records.join", "join"),
    Timed("scan", "expand.records.manifest", "read_records"),
    Timed("engine", "expand.engines.local", "LocalEngine.map"),
    Timed("engine", "expand.job.run", "_chunks"),
    Timed("waiting", "multiprocessing.connection", "wait"),
    Timed("waiting", "expand.engines.threads", "ThreadEngine.map"),
    Timed("task", "expand.job.tasks.task", "do_chunk"),
    Timed("task", "expand.job.tasks.task", "begin_task"),
    Timed("task", "expand.job.tasks.task", "finish_task"),
    Timed("task", "expand.job.tasks.copies", "make_files"),
    Timed("checks", "expand.job.tasks.task", "check_output"),
    Timed("checks", "expand.job.tasks.task", "check_card"),
    Timed("checks", "expand.job.run", "_check_records"),
    Timed("checks", "expand.layouts.limits", "NameLimits.check"),
    Timed("read", "expand.layouts.source", "read_source"),
    Timed("header", "expand.images.decoder", "_open"),
    Timed("decode", "expand.images.decoder", "_decode"),
    Timed("decode", "cv2", "imdecode"),
    Timed("draw", "expand.job.tasks.drawing", "draw_sources"),
    Timed("draw", "expand.views.drawn", "DrawnViews.by_image"),
    Timed("draw", "expand.views.drawn", "DrawnViews.render"),
    Timed("draw", "expand.views.batches", "ViewBatches.choices"),
    Timed("draw", "expand.views.moves", "make_moves"),
    Timed("draw", "expand.views.views", "Views.params"),
    Timed("draw", "expand.views.views", "Views.placement"),
    Timed("draw", "expand.views.views", "Views.render"),
    Timed("fill", "expand.recipes.fill", "Fill.colour"),
    Timed("fill", "expand.views.batches", "ViewBatches.fill_colours"),
    Timed("warp", "expand.views.resample", "resample"),
    Timed("warp", "expand.views.resample", "resample_batch"),
    Timed("warp", "expand.views.resample", "mirror"),
    Timed("warp", "cv2", "warpAffine"),
    Timed("noise", "expand.techniques.pixel.noise", "Noise.apply_within"),
    Timed("noise", "expand.techniques.pixel.noise", "Noise.apply_batch_within"),
    Timed("encode", "expand.images.encoder", "encode"),
    Timed("encode", "cv2", "imencode"),
    Timed("colours", "cv2", "cvtColor"),
    Timed("hash", "hashlib", "sha256"),
    Timed("compare", "expand.job.tasks.copies", "ImageViews.find_same"),
    Timed("write", "expand.storage.folder", "OutputFolder.write"),
    Timed("write", "expand.storage.folder", "OutputFolder.link"),
    Timed("write", "expand.storage.removal", "open_output"),
    Timed("rows", "expand.records.rows", "line_of"),
    Timed("rows", "expand.job.tasks.task", "row_of"),
    Timed("rows", "expand.job.tasks.task", "outcome_of"),
    Timed("rows", "expand.job.summary", "RunSummary.add"),
    Timed("rows", "expand.records.writer", "ManifestWriter.begin"),
    Timed("rows", "expand.records.writer", "ManifestWriter.flush"),
    Timed("rows", "expand.records.writer", "ManifestWriter.publish"),
)
OTHER = Timed("other", "expand", "(all that has no line here)")
IDLE = Timed("waiting", "expand", "(worker threads without work)")
