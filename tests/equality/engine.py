"""The engine's side: which views the planner takes, and what the views hold after each check of each round."""

import functools
import os
import random
import re
import signal
import subprocess
from pathlib import Path

from script import PIPELINE, ROOT

BUILD = Path(os.environ.get("SLUICE_BUILD") or ROOT / "build" / "dev")
DRIVER = (BUILD if BUILD.is_absolute() else ROOT / BUILD) / "tests" / "equality_driver"
DEADLINE_S = 300
MEMORY_BYTES = 3 << 30  # address space of a driver: ten ordinary views take a thirtieth


class Crashed(Exception):
    """The driver ended by itself, or did not end; the text is what it said."""


class TooLarge(Crashed):
    """The driver wanted more memory than it may have: what it would have answered is not known."""


@functools.cache
def limit():
    """What bounds the driver's memory; a sanitizer maps terabytes of addresses."""
    return [] if b"__asan_init" in DRIVER.read_bytes() else ["prlimit", f"--as={MEMORY_BYTES}"]


def drive(arguments, stream):
    """Runs the driver over the stream; the finished process."""
    try:
        done = subprocess.run([*limit(), str(DRIVER), *arguments], input=stream, capture_output=True, text=True, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise Crashed(f"not done in {DEADLINE_S} s") from None
    if done.returncode == -signal.SIGABRT and 'msg="out of memory"' in done.stderr:
        raise TooLarge(f"takes more than {MEMORY_BYTES >> 20} MB")
    return done


class Pipeline:
    """The statements that the planner takes; `refused` says of the others why."""

    def __init__(self, oracle, folder, only=None):
        self.path = Path(folder) / "pipeline.sql"
        self.arguments = [str(self.path)] + ([oracle.script.as_of] if oracle.script.as_of else [])
        self.refused, self.uses = {}, {}
        self.statements = self._chosen(oracle, only)
        while self.views and not self._is_planned():
            pass

    def _chosen(self, oracle, only):
        chosen = [item for item in oracle.script.statements if item.kind in PIPELINE and item.name not in oracle.failed]
        if only is not None:
            wanted, rest = set(only), [item for item in chosen if item.kind in ("view", "name")]
            for item in reversed(rest):
                if item.name in wanted:
                    words = set(re.findall(r"[\w.]+", item.text))
                    wanted |= {other.name for other in rest if other is not item
                               and (other.name in words or other.name.removeprefix("public.") in words)}
            chosen = [item for item in chosen if item.kind not in ("view", "name", "comment") or item.name in wanted]
        texts = [(item, item.bare) for item in chosen]
        sources = [(None, text) for text in oracle.foreign]
        at = next((i for i, (item, _) in enumerate(texts) if item.kind not in ("type", "schema")), len(texts))
        return texts[:at] + sources + texts[at:]

    @property
    def views(self):
        return [item.name for item, _ in self.statements if item is not None and item.kind == "view"]

    def _is_planned(self):
        starts, text = [], ""
        for _, statement in self.statements:
            starts.append(text.count("\n") + 1)
            text += statement + ";\n"
        self.path.write_text(text)
        done = drive(self.arguments, "")
        if done.returncode == 0:
            for _, view, what in (line.split("\t") for line in done.stdout.splitlines() if line.startswith("U\t")):
                self.uses.setdefault(view, set()).add(what)
            return True
        place = re.match(r"[^\n]*?pipeline\.sql:(\d+):(\d+): (.*)", done.stderr)
        if done.returncode != 65 or place is None:
            raise Crashed(f"planning: exit status {done.returncode}: {done.stderr.strip()[-500:]}")
        line = int(place[1])
        i = max(i for i, start in enumerate(starts) if start <= line)
        item, text = self.statements.pop(i)
        name = item.name if item is not None else text.split("(")[0].removeprefix("CREATE FOREIGN TABLE ").strip()
        self.refused[name] = f"{line - starts[i] + 1}:{place[2]}: {place[3].splitlines()[0]}"
        return False


class Order:
    """One round's order of the events: partitions, interleaving, batches. Repeatable from seed and number."""

    def __init__(self, seed, number):
        self.chance = random.Random(f"{seed} {number}")
        self.salt = f"{seed} {number}"
        if number == 0:
            self.how, self.batch = "as they came", 1
        elif number == 1:
            self.how, self.batch = "as they came", None
        else:
            self.how = self.chance.choice(["any", "any", "bursts", "table by table"])
            self.batch = self.chance.choice([1, 3, 10, 50, 300, None])
        self.partitions = {}

    def __str__(self):
        return f"{self.how}, {'one step a check' if self.batch is None else f'steps of at most {self.batch}'}"

    def _queue(self, event):
        n = self.partitions.setdefault(event.table.name, self.chance.choice([1, 2, 3, 5]))
        return event.table.name, random.Random(f"{self.salt} {event.table.name} {event.key}").randrange(n)

    def arrange(self, events):
        """The events of one check in this round's order; a truncate goes to every partition of its table."""
        if self.how == "as they came":
            return list(events)
        queues = {}
        for event in events:
            if event.op != "t":
                queues.setdefault(self._queue(event), []).append(event)
                continue
            n = self.partitions.setdefault(event.table.name, self.chance.choice([1, 2, 3, 5]))
            for partition in range(n):
                queues.setdefault((event.table.name, partition), []).append(event)
        return self._interleave([list(reversed(queue)) for queue in queues.values()])

    def _interleave(self, queues):
        out, chance = [], self.chance
        chance.shuffle(queues)
        while queues:
            i = 0 if self.how == "table by table" else chance.randrange(len(queues))
            take = {"any": 1, "bursts": chance.randint(1, 40)}.get(self.how, len(queues[i]))
            for _ in range(min(take, len(queues[i]))):
                out.append(queues[i].pop())
            if not queues[i]:
                queues.pop(i)
        return out

    def lines(self, events):
        """Lines for the driver, steps among them."""
        left = self._size()
        for event in self.arrange(events):
            yield event.line
            left -= 1
            if left == 0:
                yield "S"
                left = self._size()
        yield "S"

    def _size(self):
        return -1 if self.batch is None else self.chance.randint(1, self.batch)


def run(pipeline, oracle, orders):
    """For each order, for each check: ({view: [(row, key)]}, {view: [(sqlstate, message)]})."""
    lines = ["\t".join(["T", table.name, *table.columns]) for table in oracle.tables.values()]
    for order in orders:
        lines.append("R")
        for events in oracle.segments:
            lines.extend(order.lines(events))
            lines.append("P")
    done = drive(pipeline.arguments, "\n".join(lines) + "\n")
    if done.returncode != 0:
        raise Crashed(f"exit status {done.returncode}: {done.stderr.strip()[-700:]}")
    found, rows, errors = [], {}, {}
    for line in done.stdout.split("\n"):
        if line == ".":
            found.append((rows, errors))
            rows, errors = {}, {}
        elif line[:1] == "V":
            _, view, key, row = line.split("\t")
            rows.setdefault(view, []).append((unescape(row), unescape(key)))
        elif line[:1] == "E":
            _, view, sqlstate, message = line.split("\t", 3)
            errors.setdefault(view, []).append((sqlstate, message))
    n = len(oracle.segments)
    return [found[i:i + n] for i in range(0, len(found), n)]


def unescape(text):
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text)
