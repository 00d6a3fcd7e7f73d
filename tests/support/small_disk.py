"""A disk of a few megabytes in memory, to be filled: a tmpfs in a mount namespace of its own, which needs no rights."""

import errno
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

from tests.support.engines import missing

_BLOCK = 4096


class SmallDisk:
    """``folder`` is its path for processes that are started behind the command `enter`; nobody else sees it there."""

    def __init__(self, folder: Path, size_bytes: int) -> None:
        folder.mkdir()
        self.folder = folder
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT, "sh", str(size_bytes), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"mounted\n":
            self.close()
            missing("A tmpfs in a namespace", "allow unprivileged user namespaces")

    @property
    def enter(self) -> tuple[str, ...]:
        target = str(self._holder.pid)
        return ("nsenter", "--target", target, "--user", "--mount", "--preserve-credentials", "--")

    @property
    def _outside(self) -> Path:
        """Good for plain files. SQLite follows the link too far."""
        return Path("/proc") / str(self._holder.pid) / "root" / self.folder.relative_to("/")

    def copy(self, *names: str, to: Path) -> None:
        """What there is of these."""
        for name in names:
            if (self._outside / name).exists():
                shutil.copyfile(self._outside / name, to / name)

    def fill(self) -> int:
        """To the last byte; how many it took."""
        written = 0
        with (self._outside / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    written += ballast.write(bytes(_BLOCK))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        return written

    def free(self) -> None:
        (self._outside / "ballast").unlink()

    def close(self) -> None:
        """The disk is gone once no process uses it any more."""
        self._holder.kill()
        self._holder.communicate()

    def __enter__(self) -> "SmallDisk":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


_MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && echo mounted && exec cat'
