"""Templates as they were compiled, kept for the next start: to compile those of a page takes longer than its answer."""

from contextlib import suppress

from jinja2.bccache import Bucket, BytecodeCache, FileSystemBytecodeCache


class _Kept(FileSystemBytecodeCache):
    """Where a file can't be written, as on a full disk, the template is compiled again next time."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def kept_templates() -> BytecodeCache | None:
    """In a folder among the machine's temporary files that is ours alone; none where there can't be one. What is kept
    is known by the template's source, so that a new version is compiled anew."""
    try:
        return _Kept()
    except (OSError, RuntimeError):
        return None
