"""A clock on the wall that a test sets, in a program under test alone."""

import shutil
import struct
import subprocess
from pathlib import Path

# Preloaded: CLOCK_REALTIME is off by the seconds that a file holds. The monotonic clocks stay as they are.
WRONG = r"""
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile const long long *seconds;

__attribute__((constructor)) static void look(void) {
  seconds = mmap(0, sizeof *seconds, PROT_READ, MAP_SHARED, open(SECONDS, O_RDONLY | O_CLOEXEC), 0);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME && seconds) time->tv_sec += *seconds;
  return result;
}
"""


class WrongClock:
    """Pass `environment` to the program whose clock it is."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "seconds"
        self.set(0)
        source, library = folder / "clock.c", folder / "clock.so"
        source.write_text(WRONG)
        # The C compiler of the system, else the one that Swift's toolchain brings.
        compiler = shutil.which("cc") or shutil.which("clang")
        assert compiler, "no C compiler: install gcc, or put the folder of the swift toolchain on PATH"
        options = ["-shared", "-fPIC", f'-DSECONDS="{self.file}"', "-o", library, source]
        subprocess.run([compiler, *options], check=True)
        self.environment = {"LD_PRELOAD": str(library)}

    def set(self, seconds: int) -> None:
        """How far it is ahead of the machine's, from now on."""
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))
