"""What processes cost while something happens: CPU seconds, and the peak of their memory, from /proc."""

import contextlib
import os
import re
import threading
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
EVERY_S = 0.15
KINDS = ("RssAnon", "RssFile")


def family(pid):
    """The process and its descendants that live now."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                found += family(int(child))
        except OSError:
            pass
    return found


def cpu_s(pid, reaped=False):
    """User and system time of a process; with that of its ended and waited-for children when `reaped`."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15 if reaped else 13]) / TICKS


def family_cpu_s(pid, only=""):
    """User and system time of a server with all its children, ended ones too; `only`: of its living processes that
    have this word in their title."""
    total = 0
    for one in family(pid):
        try:
            if only in Path(f"/proc/{one}/cmdline").read_text():
                total += cpu_s(one, reaped=not only)
        except OSError:
            pass
    return total


def machine_cpu_s():
    """What all processes of the machine have used since boot."""
    user, nice, system, _idle, _iowait, irq, softirq, *_rest = Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    return sum(int(field) for field in (user, nice, system, irq, softirq)) / TICKS


def memory(pid):
    """{kind: bytes} of a process: RssAnon is what it allocated, RssFile the pages of files that it has mapped."""
    status = Path(f"/proc/{pid}/status").read_text()
    return {kind: int(re.search(rf"^{kind}:\s+(\d+) kB", status, re.M)[1]) * 1024 for kind in KINDS}


class Meter:
    """`with Meter({name: function}) as meter`, then meter.watch(name, pid) for processes that start meanwhile.

    Afterwards cpu_s[name] of each (a function gives the CPU seconds of a server), of "self" (the caller with its ended
    children) and of "others" (the rest of the machine); peak[name] = {kind: bytes} of each watched process, series[name]
    its RssAnon at each sample, and together[kind], the peak of their sum at one moment. It ends before the processes do.
    """

    def __init__(self, servers):
        self.servers, self.pids = servers, {}
        self.peak, self.series, self.together = {}, {}, dict.fromkeys(KINDS, 0)
        self._over = threading.Event()

    def watch(self, name, pid):
        self.peak[name], self.series[name] = dict.fromkeys(KINDS, 0), []
        self.pids[name] = pid

    def __enter__(self):
        self._before = self._used()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._over.set()
        self._thread.join()
        after = self._used()
        self.cpu_s = {name: used - self._before.get(name, 0) for name, used in after.items()}
        machine = self.cpu_s.pop("machine")
        self.cpu_s["others"] = machine - sum(self.cpu_s.values())

    def _used(self):
        used = {name: function() for name, function in self.servers.items()}
        for name, pid in self.pids.items():
            with contextlib.suppress(OSError):  # one that has ended is among the caller's children
                used[name] = cpu_s(pid)
        return {**used, "self": sum(os.times()[:4]), "machine": machine_cpu_s()}

    def _run(self):
        while not self._over.wait(EVERY_S):
            sums = dict.fromkeys(KINDS, 0)
            for name, pid in list(self.pids.items()):
                try:
                    sizes = memory(pid)
                except (OSError, TypeError):
                    continue  # it has just ended: a zombie has no memory
                self.series[name].append(sizes["RssAnon"])
                for kind, size in sizes.items():
                    self.peak[name][kind] = max(self.peak[name][kind], size)
                    sums[kind] += size
            self.together = {kind: max(self.together[kind], sums[kind]) for kind in KINDS}
