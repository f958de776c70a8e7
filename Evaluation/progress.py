"""A progress bar on a terminal; a line now and then elsewhere."""

import sys
import time


class Progress:
    def __init__(self, title: str, total: int):
        self.title, self.total, self.done = title, total, 0
        self.begin = self.shown = time.monotonic()

    def step(self, count: int = 1) -> None:
        self.done += count
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self.shown < (0.1 if terminal else 30) and self.done < self.total:
            return
        self.shown = now
        left = (now - self.begin) * (self.total - self.done) / max(1, self.done)
        clock = f"{int(left) // 60}:{int(left) % 60:02d} left"
        if terminal:
            filled = round(24 * self.done / max(1, self.total))
            bar = "█" * filled + "░" * (24 - filled)
            print(f"\r{bar} {self.done}/{self.total}  {clock}  {self.title}\x1b[K", end="", file=sys.stderr, flush=True)
        elif self.done < self.total:
            print(f"{self.title}: {self.done}/{self.total}, {clock}", file=sys.stderr, flush=True)

    def end(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
        print(f"{self.title}: {self.done}/{self.total} in {time.monotonic() - self.begin:.1f} s",
              file=sys.stderr, flush=True)
