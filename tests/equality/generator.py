"""Random cases: tables, a stream of changes and a view, all from choices that can be replayed and made smaller.

Every choice is a number below some limit, and 0 is the simplest; so a failing view is reduced by deleting and lowering
numbers of the list that made it, whatever the grammar.
"""

import random
import re

import vocabulary
from vocabulary import AGGREGATES, EXPRESSIONS, FRAMES, ORDERED, SAME, TYPES, WINDOWS, templates

EXPRESSIONS, AGGREGATES = templates(EXPRESSIONS), templates(AGGREGATES)
DEPTH = 3
HOLE = re.compile(r"\{(\w+)\}")


class Choices:
    """Numbers from a generator, or from a list (0 when it ends); `made` is the list."""

    def __init__(self, seed=None, replay=None):
        self.random, self.replay, self.made = random.Random(seed), replay, []

    def below(self, n):
        if self.replay is None:
            number = self.random.randrange(n)
        else:
            number = min(self.replay[len(self.made)], n - 1) if len(self.made) < len(self.replay) else 0
        self.made.append(number)
        return number

    def pick(self, options):
        return options[self.below(len(options))]

    def chance(self, percent):
        return self.below(100) >= 100 - percent


class Source:
    """A table of the schema: columns (name, type), the key's names."""

    def __init__(self, name, columns, keys):
        self.name, self.columns, self.keys = name, columns, keys


class Item:
    """What stands in FROM: its columns as (reference, type), references that are unique over its rows, or None."""

    def __init__(self, text, columns, keys):
        self.text, self.columns, self.keys = text, columns, keys


class Data:
    """Tables and statements that change them."""

    def __init__(self, seed, checks=3):
        self.choices = Choices(seed)
        self.tables = [self._table(name) for name in ("a", "b", "c")[:2 + self.choices.below(2)]]
        self.changes = []
        self.live = {table.name: {} for table in self.tables}
        for number in range(checks):
            self._fill(number)
            self.changes.append(None)

    def _table(self, name):
        c = self.choices
        keys = c.pick([["id"], ["id"], ["id"], ["id", "id2"]])
        columns = [(key, "int4") for key in keys]
        kinds = ["int4", "text", "int4", c.pick(["numeric", "numeric2"])] + [c.pick(list(TYPES)) for _ in range(3 + c.below(5))]
        columns += [(f"{name}{i}", kind) for i, kind in enumerate(kinds)]
        return Source(name, columns, keys)

    def ddl(self):
        out = ["CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')"]
        for table in self.tables:
            columns = ", ".join(f"{name} {TYPES[kind][0]}" for name, kind in table.columns)
            out.append(f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({', '.join(table.keys)}))")
        return out

    def _value(self, kind):
        text = self.choices.pick([None, *TYPES[kind][1], *TYPES[kind][1], *TYPES[kind][1]])
        return "NULL" if text is None else "'" + text.replace("'", "''") + "'"

    def _insert(self, table):
        key = tuple(str(self.choices.below(60) + 1) for _ in table.keys)
        if key in self.live[table.name]:
            return self._change(table)
        self.live[table.name][key] = True
        values = [*key, *(self._value(kind) for _, kind in table.columns[len(key):])]
        self.changes.append(f"INSERT INTO {table.name} VALUES ({', '.join(values)})")

    def _where(self, table, key):
        return " AND ".join(f"{name} = {value}" for name, value in zip(table.keys, key))

    def _change(self, table):
        live = list(self.live[table.name])
        if not live:
            return
        key, kind = self.choices.pick(live), self.choices.below(10)
        if kind < 3:
            del self.live[table.name][key]
            self.changes.append(f"DELETE FROM {table.name} WHERE {self._where(table, key)}")
        elif kind == 3:
            new = (str(self.choices.below(60) + 1), *key[1:])
            if new not in self.live[table.name]:
                del self.live[table.name][key]
                self.live[table.name][new] = True
                self.changes.append(f"UPDATE {table.name} SET id = {new[0]} WHERE {self._where(table, key)}")
        else:
            columns = [column for column in table.columns if column[0] not in table.keys]
            chosen = [self.choices.pick(columns) for _ in range(1 + self.choices.below(2))]
            sets = ", ".join(f"{name} = {self._value(kind)}" for name, kind in dict(chosen).items())
            self.changes.append(f"UPDATE {table.name} SET {sets} WHERE {self._where(table, key)}")

    def _fill(self, number):
        for table in self.tables:
            if number > 0 and self.choices.chance(5):
                self.live[table.name].clear()
                self.changes.append(f"TRUNCATE {table.name}")
            for _ in range(25 if number == 0 else 8):
                self._insert(table)
        for _ in range(10 if number == 0 else 25):
            self._change(self.choices.pick(self.tables))


class Query:
    """One random SELECT over the tables; `used` counts what it is made of."""

    def __init__(self, tables, choices):
        self.tables, self.choices, self.used, self.names = tables, choices, [], 0
        self.text = self._whole()

    def note(self, what):
        self.used.append(what)

    def fresh(self):
        self.names += 1
        return f"q{self.names}"

    # --- expressions ---

    def expr(self, kind, scope, depth=0):
        """Text of an expression of the type over the scope's columns."""
        c = self.choices
        columns = [ref for ref, of in scope if of == kind or SAME.get(of) == kind]
        if columns and (depth >= DEPTH or not c.chance(45 if depth == 0 else 30)):
            return c.pick(columns)
        if depth >= DEPTH or kind not in EXPRESSIONS or c.below(10) == 0:
            return self.literal(kind)
        if depth == 0 and c.chance(6):
            return self.scalar(kind, scope)
        template = c.pick(EXPRESSIONS[kind])
        self.note(template)
        return f"({self.fill(template, scope, depth + 1)})"

    def fill(self, template, scope, depth, key=None):
        text = HOLE.sub(lambda hole: key if hole[1] == "key" else self.expr(hole[1], scope, depth) if hole[1] in TYPES
                        else hole[0], template.replace("{{", "\1").replace("}}", "\2"))
        return text.replace("\1", "{").replace("\2", "}")

    def literal(self, kind):
        self.note(f"type {kind}")
        name, values = TYPES[kind]
        value = self.choices.pick(values)
        if kind == "int4":
            return f"({value})" if value[0] == "-" else value
        return "('" + value.replace("'", "''") + f"'::{name})"

    def condition(self, scope, depth=0):
        c = self.choices
        if depth == 0 and c.chance(12):
            return self.subquery_condition(scope)
        return self.expr("bool", scope, depth)

    # --- subqueries in expressions ---

    def inner(self, scope):
        """FROM of a subquery, its scope, and a correlation (or none)."""
        table = self.table()
        where = []
        numbers = [ref for ref, kind in table.columns if kind == "int4"]
        outer = [ref for ref, kind in scope if kind == "int4"]
        if outer and numbers and self.choices.chance(60):
            self.note("correlated subquery")
            where.append(f"{self.choices.pick(numbers)} {self.choices.pick(['=', '=', '=', '<'])} {self.choices.pick(outer)}")
        if self.choices.chance(30):
            where.append(self.expr("bool", table.columns, 1))
        return table, " WHERE " + " AND ".join(where) if where else ""

    def scalar(self, kind, scope):
        if kind not in AGGREGATES:
            return self.literal(kind)
        self.note("scalar subquery")
        table, where = self.inner(scope)
        call = self.aggregate(kind, table.columns, table.keys)
        return f"(SELECT {call} FROM {table.text}{where})"

    def subquery_condition(self, scope):
        table, where = self.inner(scope)
        how = self.choices.pick(["EXISTS", "IN", "NOT EXISTS", "NOT IN", "= ANY", "> ALL", "< ANY"])
        self.note(f"{how} subquery")
        if "EXISTS" in how:
            return f"{how} (SELECT 1 FROM {table.text}{where})"
        kind = self.choices.pick(["int4", "int4", "text"])
        return f"{self.expr(kind, scope, 2)} {how} (SELECT {self.expr(kind, table.columns, 2)} FROM {table.text}{where})"

    # --- FROM ---

    def table(self):
        table, alias = self.choices.pick(self.tables), self.fresh()
        return Item(f"{table.name} {alias}", [(f"{alias}.{name}", kind) for name, kind in table.columns],
                    [f"{alias}.{key}" for key in table.keys])

    def item(self, depth):
        c = self.choices
        if depth < 2 and c.chance(20):
            self.note("subquery in FROM")
            text, columns, keys = self.block(depth + 1)
            alias = self.fresh()
            return Item(f"({text}) {alias}", [(f"{alias}.{name}", kind) for name, kind in columns],
                        None if keys is None else [f"{alias}.{key}" for key in keys])
        return self.table()

    def joined(self, depth):
        c = self.choices
        left = self.item(depth)
        for _ in range(c.pick([0, 0, 0, 1, 1, 2])):
            left = self.join(left, self.item(depth))
        if c.chance(8):
            left = self.expanded(left)
        return left

    def join(self, left, right):
        c = self.choices
        how = c.pick(["JOIN", "LEFT JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "comma"])
        self.note(how)
        keys = None if left.keys is None or right.keys is None else left.keys + right.keys
        columns = left.columns + right.columns
        if how == "CROSS JOIN":
            return Item(f"{left.text} CROSS JOIN {right.text}", columns, keys)
        kind = c.pick(["int4", "int4", "int4", "text", "numeric", "date"])
        ours, theirs = ([ref for ref, of in side.columns if of == kind] for side in (left, right))
        if not ours or not theirs:
            ours, theirs = ([ref for ref, of in side.columns if of == "int4"] for side in (left, right))
        on = "true"
        if ours and theirs:
            on = f"{c.pick(ours)} = {c.pick(theirs)}"
            # PostgreSQL itself has FULL JOIN only on conditions that it can hash or merge
            if how != "FULL JOIN" and c.chance(25):
                on = f"{on} AND {self.expr('bool', columns, 1)}" if c.chance(60) else self.expr("bool", columns, 1)
                self.note("join condition")
        if how == "comma":
            return Item(f"{left.text} CROSS JOIN {right.text}", columns, keys) if on == "true" else Item(
                f"{left.text} JOIN {right.text} ON {on}", columns, keys)
        return Item(f"{left.text} {how} {right.text} ON {on}", columns, keys)

    def expanded(self, left):
        c, alias = self.choices, self.fresh()
        name, kind, call = c.pick([
            ("unnest", "int4", "unnest({int_array})"), ("generate_series", "int4", "generate_series(1, abs({int4}) % 4)"),
            ("unnest", "text", "unnest({text_array})"), ("regexp_split_to_table", "text", "regexp_split_to_table({text}, ',')"),
            ("jsonb_array_elements", "jsonb", "jsonb_array_elements(case when jsonb_typeof({jsonb}) = 'array' then {jsonb} else '[]' end)")])
        self.note(f"{name} in FROM")
        # both places of the last one must hold the same expression
        argument = self.expr({"unnest({int_array})": "int_array", "unnest({text_array})": "text_array"}.get(call, {
            "generate_series": "int4", "regexp_split_to_table": "text", "jsonb_array_elements": "jsonb"}.get(name)), left.columns, 2)
        text = HOLE.sub(lambda _: argument, call)
        if c.chance(50):
            self.note("WITH ORDINALITY")
            return Item(f"{left.text} CROSS JOIN LATERAL {text} WITH ORDINALITY AS {alias}(x, n)",
                        left.columns + [(f"{alias}.x", kind), (f"{alias}.n", "int8")],
                        None if left.keys is None else left.keys + [f"{alias}.n"])
        return Item(f"{left.text} CROSS JOIN LATERAL {text} AS {alias}(x)", left.columns + [(f"{alias}.x", kind)], None)

    def where(self, scope):
        c, parts = self.choices, []
        for _ in range(c.pick([0, 0, 1, 1, 2])):
            # a column that is there keeps most answers from being empty
            parts.append(self.condition(scope) if c.chance(60) else f"{c.pick(scope)[0]} IS NOT NULL")
        return " WHERE " + " AND ".join(parts) if parts else ""

    # --- blocks ---

    def kinds(self, least=1, most=4):
        return [self.choices.pick(list(TYPES)) for _ in range(least + self.choices.below(most - least + 1))]

    def rows(self, depth, kinds=None):
        item = self.joined(depth)
        chosen = kinds or self.kinds()
        columns = [(self.expr(kind, item.columns), kind) for kind in chosen]
        keys = None
        if kinds is None and item.keys is not None and self.choices.chance(70):
            keys = [f"k{i}" for i in range(len(item.keys))]
            columns = [(key, dict(item.columns)[key]) for key in item.keys] + columns
        names = (keys or []) + [f"c{i}" for i in range(len(chosen))]
        listed = ", ".join(f"{text} AS {name}" for name, (text, _) in zip(names, columns))
        text = f"SELECT {listed} FROM {item.text}{self.where(item.columns)}"
        out = [(name, kind) for name, (_, kind) in zip(names, columns)]
        return text, out, keys, item

    def plain_rows(self, depth):
        text, columns, keys, _ = self.rows(depth)
        return text, columns, keys

    def direction(self):
        return self.choices.pick(["", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"])

    def top(self, depth):
        text, columns, keys, item = self.rows(depth)
        if item.keys is None:
            return text, columns, keys
        self.note("LIMIT")
        order = [self.expr(self.choices.pick(ORDERED), item.columns, 2) + self.direction() for _ in range(self.choices.below(2))]
        order += [key + self.direction() for key in item.keys]
        limit = self.choices.pick(["LIMIT 5", "LIMIT 1", "LIMIT 12 OFFSET 2", "OFFSET 3", "FETCH FIRST 4 ROWS ONLY"])
        return f"{text} ORDER BY {', '.join(order)} {limit}", columns, keys

    def distinct(self, depth):
        text, columns, _, item = self.rows(depth, self.kinds(1, 2))
        self.note("DISTINCT")
        return text.replace("SELECT", "SELECT DISTINCT", 1), columns, [name for name, _ in columns]

    def distinct_on(self, depth):
        item = self.joined(depth)
        if item.keys is None:
            return self.plain_rows(depth)
        self.note("DISTINCT ON")
        kind = self.choices.pick(ORDERED)
        on = self.expr(kind, item.columns, 2)
        order = ", ".join([on, *(key + self.direction() for key in item.keys)])
        columns = [(self.expr(k, item.columns, 1), k) for k in self.kinds(1, 2)]
        listed = ", ".join(f"{text} AS c{i + 1}" for i, (text, _) in enumerate(columns))
        text = f"SELECT DISTINCT ON ({on}) {on} AS c0, {listed} FROM {item.text}{self.where(item.columns)} ORDER BY {order}"
        return text, [("c0", kind)] + [(f"c{i + 1}", k) for i, (_, k) in enumerate(columns)], ["c0"]

    def aggregate(self, kind, scope, keys):
        options = [t for t in AGGREGATES[kind] if "{key}" not in t or keys] or ["NULL::" + TYPES[kind][0]]
        template = self.choices.pick(options)
        self.note(template)
        return self.fill(template, scope, 2, ", ".join(keys or []))

    def group(self, depth):
        c = self.choices
        item = self.joined(depth)
        groups = list(dict.fromkeys((self.expr(kind, item.columns, 1), kind) for kind in
                                    [c.pick(ORDERED) for _ in range(c.pick([1, 1, 2, 0]))]))
        groups = [group for group in groups if re.search(r"\bq\d+\.", group[0]) and "SELECT" not in group[0]]
        kinds = [c.pick(list(AGGREGATES)) for _ in range(1 + c.below(3))]
        calls = [self.aggregate(kind, item.columns, item.keys) for kind in kinds]
        columns = [f"{text} AS g{i}" for i, (text, _) in enumerate(groups)] + [f"{call} AS c{i}" for i, call in enumerate(calls)]
        text = f"SELECT {', '.join(columns)} FROM {item.text}{self.where(item.columns)}"
        keys = [f"g{i}" for i in range(len(groups))]
        if groups:
            text += self.group_by(groups)
            keys = keys if self.simple_group else None
        if c.chance(20):
            self.note("HAVING")
            text += f" HAVING {self.aggregate('bool', item.columns, item.keys)}"
        return text, [(f"g{i}", kind) for i, (_, kind) in enumerate(groups)] + [(f"c{i}", kind) for i, kind in enumerate(kinds)], keys

    def group_by(self, groups):
        texts = [text for text, _ in groups]
        how = self.choices.pick(["", "", "", "", "ROLLUP", "CUBE", "SETS"])
        self.simple_group = how == ""
        if how == "":
            return f" GROUP BY {', '.join(texts)}"
        self.note(how if how != "SETS" else "GROUPING SETS")
        if how == "SETS":
            return f" GROUP BY GROUPING SETS (({', '.join(texts)}), ({texts[0]}), ())"
        return f" GROUP BY {how} ({', '.join(texts)})"

    def window(self, depth):
        item = self.joined(depth)
        if item.keys is None:
            return self.plain_rows(depth)
        c, columns = self.choices, [(key, dict(item.columns)[key]) for key in item.keys]
        for _ in range(1 + c.below(2)):
            columns.append(self.window_call(item))
        names = [f"k{i}" for i in range(len(item.keys))] + [f"c{i}" for i in range(len(columns) - len(item.keys))]
        listed = ", ".join(f"{text} AS {name}" for name, (text, _) in zip(names, columns))
        return (f"SELECT {listed} FROM {item.text}{self.where(item.columns)}", [(n, k) for n, (_, k) in zip(names, columns)],
                names[:len(item.keys)])

    def window_call(self, item):
        c = self.choices
        kind, call, total = c.pick(WINDOWS)
        self.note(f"{call.split('(')[0]} OVER")
        parts = []
        if c.chance(60):
            parts.append(f"PARTITION BY {self.expr(c.pick(ORDERED), item.columns, 2)}")
        order = [self.expr(c.pick(ORDERED), item.columns, 2) + self.direction() for _ in range(c.below(2))]
        frame = c.pick(FRAMES)
        if total or "rows" in frame or "groups" in frame or order or c.chance(50):
            order += [f"{key}{self.direction()}" for key in item.keys]
        if order:
            parts.append(f"ORDER BY {', '.join(order)}")
        if frame and order and "ntile" not in call:
            self.note(f"frame {frame}")
            parts.append(frame)
        return f"{self.fill(call, item.columns, 2)} OVER ({' '.join(parts)})", kind

    def set_operation(self, depth):
        c = self.choices
        how = c.pick(["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL"])
        self.note(how)
        kinds = [c.pick([kind for kind in ORDERED if kind not in SAME]) for _ in range(1 + c.below(2))]
        left, columns, _, _ = self.rows(depth, kinds)
        right, _, _, _ = self.rows(depth, kinds)
        return f"{left} {how} {right}", columns, None if how.endswith("ALL") else [name for name, _ in columns]

    def block(self, depth=0):
        """(text, [(name, type)], key columns or None)."""
        return self.choices.pick([self.plain_rows, self.plain_rows, self.group, self.group, self.group, self.distinct, self.top,
                                  self.window, self.set_operation, self.distinct_on])(depth)

    def _whole(self):
        if self.choices.chance(10):
            self.note("WITH")
            text, columns, keys = self.block(1)
            self.tables = self.tables + [Source("w", columns, keys or [])] if keys else self.tables
            return f"WITH w AS ({text}) {self.block()[0]}"
        return self.block()[0]


def case(seed, views):
    """Data and queries of one script."""
    data = Data(f"{seed} data")
    queries = []
    for number in range(views):
        choices = Choices(f"{seed} view {number}")
        queries.append((Query(data.tables, choices), choices.made))
    return data, queries


class Every(Data):
    """Two tables with a column of every type, for each template once, over plain columns."""

    def _table(self, name):
        return Source(name, [("id", "int4")] + [(f"{name}_{kind}{i}", kind) for kind in TYPES for i in (1, 2)], ["id"])

    def queries(self):
        """(what, text) of each expression, aggregate and window."""
        scope = self.tables[0].columns
        for table, group in ((EXPRESSIONS, False), (AGGREGATES, True)):
            for template in dict.fromkeys(template for options in table.values() for template in options):
                call = self._plain(template, scope)
                yield template, (f"SELECT a_int42 AS g, {call} AS c FROM a GROUP BY a_int42" if group
                                 else f"SELECT id, {call} AS c FROM a")
        for kind, call, total in WINDOWS:
            for frame in FRAMES[1:] if "ntile" not in call else [""]:
                order = "id" if total or "rows" in frame or "groups" in frame else "a_int41 DESC, id"
                yield f"{call} {frame}", (f"SELECT id, {self._plain(call, scope)} OVER (PARTITION BY a_int42 ORDER BY {order} {frame}) AS c"
                                          " FROM a")

    def _plain(self, template, scope):
        seen = {}

        def column(hole):
            if hole[1] not in TYPES:
                return "id"
            options = [name for name, kind in scope if kind == hole[1]]
            seen[hole[1]] = seen.get(hole[1], -1) + 1
            return options[seen[hole[1]] % len(options)]

        return HOLE.sub(column, template.replace("{{", "\1").replace("}}", "\2")).replace("\1", "{").replace("\2", "}")


def script_text(ddl, queries, changes):
    """The script of the views over the changes (None is a check)."""
    lines = [f"{line};" for line in ddl]
    lines += [f"CREATE MATERIALIZED VIEW v{i} AS {query};" for i, query in queries]
    lines += ["-- check" if change is None else f"{change};" for change in changes]
    return "\n".join(lines) + "\n"
