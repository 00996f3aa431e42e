"""A policy file that may change while it is in use."""

from pathlib import Path

from moderation.errors import SettingsError
from moderation.policy import Policy, load_policy


class PolicyFile:
    """The policy in force; `refresh` takes up a changed file and refuses a broken one."""

    def __init__(self, path: str = "") -> None:
        self._path = path
        self.policy: Policy = load_policy(path)
        self._seen = self._stamp()

    def _stamp(self) -> tuple[int, int, int] | None:
        """What changes when the file does; None when it is away or ships with trollbridge."""
        if not self._path:
            return None
        try:
            stat = Path(self._path).stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def refresh(self) -> Policy | None:
        """Read the file again if it changed; the policy that was read, if any.

        SettingsError, once for each change, when the new file is broken: the old policy stays.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        if stamp is None:
            raise SettingsError(f"policy {self._path}: the file is gone")
        self.policy = load_policy(self._path)
        return self.policy
