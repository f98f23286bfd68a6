"""A script judged: the oracle's answers beside the engine's, view by view."""

import json
import re
import shutil
import tempfile
import xml.etree.ElementTree as tree
from pathlib import Path

import engine
import judge
from oracle import Oracle

HERE = Path(__file__).resolve().parent
SHUFFLES = (8, 60)  # the second where the first show nothing
HISTORY = 12
UNANSWERED = ("too large", "no answer")


class Verdict:
    """What became of a view: equal, by value, error, different, crashed, refused, too large (for the driver's memory or PostgreSQL's
    time), no answer (PostgreSQL fails by itself); `rows` seen over all checks."""

    def __init__(self, view, outcome, detail="", rows=0):
        self.view, self.outcome, self.detail, self.rows = view, outcome, detail, rows
        self.uses = set()  # what its plan uses, as --functions names it

    @property
    def is_bad(self):
        return self.outcome in ("different", "crashed")


class Run:
    """One script; `quick`: a difference that PostgreSQL's own answers may have is not searched for long."""

    def __init__(self, server, script, seed=1, rounds=4, only=None, quick=False):
        self.server, self.script, self.only, self.quick = server, script, only, quick
        self.orders = [engine.Order(seed, number) for number in range(rounds)]
        self.verdicts, self.shuffled = [], {}
        self.oracle = Oracle(server, script)
        self.changes = sum(map(len, self.oracle.segments))
        self.folder = tempfile.mkdtemp(prefix="equality-")
        try:
            self._judge()
        finally:
            shutil.rmtree(self.folder)

    def _judge(self):
        for name, why in self.oracle.failed.items():
            self.verdicts.append(Verdict(name, "different", why))
        pipeline = engine.Pipeline(self.oracle, self.folder, self.only)
        for item in self.script.statements:
            if item.name in pipeline.refused and item.kind in ("view", "name"):
                self.verdicts.append(Verdict(item.name, "refused", pipeline.refused[item.name]))
            elif item.name in pipeline.refused:
                self.verdicts.append(Verdict(item.name, "refused", pipeline.refused[item.name]))
        for table in self.oracle.foreign:
            name = table.split("(")[0].removeprefix("CREATE FOREIGN TABLE ").strip()
            if name in pipeline.refused:
                self.verdicts.append(Verdict(name.replace('"', ""), "refused", pipeline.refused[name]))
        if pipeline.views:
            self._compare(pipeline, pipeline.views)

    def _compare(self, pipeline, views):
        """Runs the views; where the engine ends by itself, halves until the culprits stand alone."""
        try:
            rounds = engine.run(pipeline, self.oracle, self.orders)
        except engine.Crashed as crash:
            if len(views) == 1:
                self.verdicts.append(Verdict(views[0], "too large" if isinstance(crash, engine.TooLarge) else "crashed", str(crash)))
                return
            for half in (views[:len(views) // 2], views[len(views) // 2:]):
                self._compare(engine.Pipeline(self.oracle, self.folder, half), half)
            return
        for view in views:
            if self.only is None or view in self.only or len(views) == 1:
                self.verdicts.append(self._view(view, rounds))
                self.verdicts[-1].uses = pipeline.uses.get(view, set())

    def _text(self, view):
        return next(s.bare for s in self.script.statements if s.name == view)

    def _view(self, view, rounds):
        loose = bool(judge.LOOSE.search(self._text(view)))
        outcome, why, rows_n = "equal", "", 0
        for number, checks in enumerate(rounds):
            for check, (rows, errors) in enumerate(checks):
                answer = self.oracle.answers[check].get(view)
                if answer is None:
                    continue
                ours = [row for row, _ in rows.get(view, [])]
                kind, detail = self._check(view, check, answer, ours, errors.get(view, []), loose)
                if kind == "different":
                    place = f"round {number} ({self.orders[number]}), check {check + 1} of {len(checks)}"
                    return Verdict(view, kind, f"{place}\n{detail}" + self._history(view, check, detail))
                if kind != "equal" and outcome not in UNANSWERED:
                    outcome, why = kind, detail
                rows_n += len(ours)
        return Verdict(view, outcome, why, rows_n)

    def _check(self, view, check, answer, ours, errors, loose):
        if answer.is_given_up:
            return "no answer" if answer.error[0].startswith("XX") else "too large", f"PostgreSQL gave up: {answer.error[1]}"
        if answer.error:
            if answer.error[0] not in [sqlstate for sqlstate, _ in errors]:
                return "different", f"PostgreSQL raises {answer.error}, the engine withheld {errors[:3]}"
            if answer.rows is None:
                return "error", " ".join(answer.error)
        elif errors:
            return "different", f"PostgreSQL raises nothing, the engine withheld {errors[:3]}"
        more, less = judge.surplus(ours, answer.rows)
        if not more and not less:
            return ("error", " ".join(answer.error)) if answer.error else ("equal", "")
        types = [kind for _, kind in self.oracle.types[view]]
        if loose and judge.nearly_equal(list(map(judge.cells, more)), list(map(judge.cells, less)), types):
            return "equal", ""
        outcome = self._equal_by_value(view, check, ours, answer.rows, loose)
        if outcome:
            return outcome, ""
        shown = [f"  sluice     {row}" for row in sorted(more)[:3]] + [f"  postgresql {row}" for row in sorted(less)[:3]]
        return "different", f"{len(more)} rows too many, {len(less)} missing\n" + "\n".join(shown)

    def _equal_by_value(self, view, check, ours, theirs, loose):
        """"by value" when PostgreSQL's own text changes with the order of rows: seen by laying them in other orders. What is computed
        from such a text (the days of 30 days, which equal a month) is open too."""
        if len(ours) != len(theirs):
            return None
        shuffles = SHUFFLES[:1] if self.quick else SHUFFLES
        return next(filter(None, (self._open_text(view, check, ours, theirs, loose, n) for n in shuffles)), None)

    def _open_text(self, view, check, ours, theirs, loose, shuffles):
        types = [kind for _, kind in self.oracle.types[view]]
        if (check, shuffles) not in self.shuffled:
            self.shuffled[check, shuffles] = Oracle(self.server, self.script, upto=check, shuffles=shuffles).shuffled
        answers = [theirs] + [found[view].rows for found in self.shuffled[check, shuffles]]
        where, without = judge.open_columns(answers), judge.open_columns(answers, types)
        if shuffles == SHUFFLES[-1]:
            where |= judge.extreme_columns(self._text(view), len(types))
        more, less = judge.surplus(*(judge.by_value(rows, types, where, without) for rows in (ours, theirs)))
        if where and (not more and not less or loose and judge.nearly_equal(list(map(json.loads, more)), list(map(json.loads, less)), types)):
            return "by value"
        return None

    def _history(self, view, check, detail):
        """The changes whose values stand in the first row that differs."""
        rows = re.split(r"^  (?:sluice |postgresql) +(?=\{)", detail, flags=re.M)[1:]  # a document in a row may have lines of its own
        if not rows:
            return ""
        row = rows[0]
        values = {str(value) for value in judge.cells(row) if value is not None and not isinstance(value, list)}
        events = [event for segment in self.oracle.segments[:check + 1] for event in segment]
        told = [f"  {event.table.name} {event.op} {', '.join(map(str, event.fields))}" for event in events
                if event.op == "t" or set(event.key) & values]
        return "\n" + "\n".join([f"  its history ({len(told)} changes):", *told[-HISTORY:]]) if told else ""


def known(path):
    """{(script, view): why} of KNOWN: `script view why` a line."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.strip() and not line.startswith("#"):
            script, view, why = line.split(None, 2)
            found[script, view] = why
    return found


def name_of(path):
    path = Path(path).resolve()
    return str(path.relative_to(HERE)) if HERE in path.parents else path.name


def report(run, path, expected, strict):
    """Prints a script's verdicts; sets an outcome that KNOWN foresees."""
    lines = []
    for verdict in run.verdicts:
        why = expected.get((name_of(path), verdict.view))
        if verdict.view in run.script.refused:
            verdict.outcome = "refused rightly" if verdict.outcome == "refused" else "different"
            verdict.detail = verdict.detail or "the script says that this must be refused"
        if verdict.outcome in UNANSWERED:
            verdict.outcome, verdict.detail = "different", f"{verdict.outcome}: {verdict.detail}"
        if verdict.is_bad and why:
            verdict.outcome, verdict.detail = "known", why
        elif why and verdict.outcome in ("equal", "by value", "error"):
            verdict.outcome, verdict.detail = "different", "KNOWN lists it, but it is equal now: take it out"
        elif strict and verdict.outcome == "equal" and verdict.rows == 0:
            verdict.outcome, verdict.detail = "different", "it is empty at every check: this compares nothing"
        word = {"by value": "equal (by value where PostgreSQL's text is open)", "error": "equal (withheld as PostgreSQL's error)",
                "equal": "equal" if verdict.rows else "equal (always empty)"}.get(verdict.outcome, verdict.outcome)
        detail = f": {verdict.detail}" if verdict.detail else ""
        lines.append(f"  {verdict.view:<32} {word}{detail}")
    print(f"{name_of(path)}: {len(run.oracle.segments)} checks, {run.changes} changes, {len(run.orders)} rounds")
    print("\n".join(lines), flush=True)


def junit(path, results, seconds):
    suite = tree.Element("testsuite", name="equality", time=f"{seconds:.1f}")
    counts = {"tests": 0, "failures": 0, "skipped": 0}
    for script, verdicts in results:
        for verdict in verdicts:
            case = tree.SubElement(suite, "testcase", classname=script, name=verdict.view)
            counts["tests"] += 1
            if verdict.is_bad:
                tree.SubElement(case, "failure", message=verdict.outcome).text = verdict.detail
                counts["failures"] += 1
            elif verdict.outcome in ("refused", "known"):
                tree.SubElement(case, "skipped", message=verdict.detail)
                counts["skipped"] += 1
    suite.attrib.update({name: str(number) for name, number in counts.items()})
    tree.ElementTree(suite).write(path)


def junit_one(path, name, tests, failed):
    """The result of a run of many cases, each failure by its name."""
    suite = tree.Element("testsuite", name=name, tests=str(tests), failures=str(len(failed)))
    for what in failed:
        tree.SubElement(tree.SubElement(suite, "testcase", classname=name, name=what), "failure", message="different")
    tree.ElementTree(suite).write(path)
