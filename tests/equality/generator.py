"""Random cases: tables, a stream of changes and a view, all from choices that can be replayed and made smaller.

Every choice is a number below some limit, and 0 is the simplest; so a failing view is reduced by deleting and lowering
numbers of the list that made it, whatever the grammar.
"""

import random
import re

import vocabulary
from vocabulary import (AGGREGATES, EXPRESSIONS, FRAMES, MEMBER_FITS, MEMBERS, ORDERED, ROW_AGGREGATES, ROWS, SAME, TYPES, WINDOWS,
                        templates)

EXPRESSIONS, AGGREGATES = templates(EXPRESSIONS), templates(AGGREGATES)
DEPTH = 3
TABLE_ROWS = 30  # about as many as a table holds
ROWS_MOST = (30_000, 3_000, 3_000)  # of the query's FROM, and of a subquery's in it
VALUES_N, FEW = 8, 4  # different values of a table's column; of any other
CALLS_MOST = 18  # of what a query must call, as columns
EXPANDED = 3  # rows that a function in FROM gives for one, at most
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
    """A table of the schema: columns (name, type), the key's names, about how many rows."""

    def __init__(self, name, columns, keys, size=TABLE_ROWS):
        self.name, self.columns, self.keys, self.size = name, columns, keys, size


class Item:
    """What stands in FROM: its columns as (reference, type), references that are unique over its rows, or None; about how many
    rows, and how many different values in a column that is no key."""

    def __init__(self, text, columns, keys, size, values_n=FEW):
        self.text, self.columns, self.keys, self.size, self.values_n = text, columns, keys, size, values_n

    def different(self, ref):
        """About how many values the column has."""
        return self.size if self.keys == [ref] else min(self.values_n, self.size)


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
        out = ["CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')", "CREATE DOMAIN small AS int CHECK (VALUE < 1000)"]
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
    """One random SELECT over the tables; `used` counts what it is made of. `wanted` are signatures that it calls if it can."""

    def __init__(self, tables, choices, wanted=()):
        self.tables, self.choices, self.used, self.names = tables, choices, [], 0
        self.aliases = {}  # of tables whose whole rows can be named
        self.size = 0  # about how many rows the last FROM gave
        self.wanted = {kind: [one for one in wanted if one.kind == kind] for kind in ("expression", "rows", "aggregate")}
        self.text = self._whole()

    def want(self, kind):
        """The next signature of the kind that this query must call, or None."""
        return self.wanted[kind].pop() if self.wanted[kind] and self.choices.chance(98) else None

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
        if depth == 0 and c.chance(8):
            return self.scalar(kind, scope)
        over_rows = c.chance(6) and self.over_rows(kind, scope, depth)
        if over_rows:
            return over_rows
        template = c.pick(EXPRESSIONS[kind])
        self.note(template)
        return f"({self.fill(template, scope, depth + 1)})"

    def fill(self, template, scope, depth, key=None):
        text = HOLE.sub(lambda hole: key if hole[1] == "key" else self.expr(hole[1], scope, depth) if hole[1] in TYPES
                        else hole[0], template.replace("{{", "\1").replace("}}", "\2"))
        return text.replace("\1", "{").replace("\2", "}")

    # --- whole rows ---

    def with_rows(self, template, scope):
        """The template with the rows it names, or None: no table of the scope has them."""
        inside = list(dict.fromkeys(ref.split(".")[0] for ref, _ in scope if ref.split(".")[0] in self.aliases))
        if "{other}" in template:  # json has no =
            inside = [alias for alias in inside if "json" not in dict(self.aliases[alias].columns).values()]
        if "{row}" not in template or not inside:
            return None if "{row}" in template else template
        row = self.choices.pick(inside)
        other = self.choices.pick([alias for alias in inside if self.aliases[alias].name == self.aliases[row].name])
        return template.replace("{row}", row).replace("{other}", other)

    def over_rows(self, kind, scope, depth):
        """An expression of the type over whole rows, or None."""
        c = self.choices
        fields = [f"({ref.replace('.', ').')}" for ref, of in scope if of == kind and ref.split(".")[0] in self.aliases]
        if fields and c.chance(30):
            self.note("field of a row")
            return c.pick(fields)
        template = c.pick(ROWS[kind]) if kind in ROWS else None
        text = template and self.with_rows(template, scope)
        if text:
            self.note(f"row: {template.replace('{', '').replace('}', '')}")
            return f"({self.fill(text, scope, depth + 1)})"
        return None

    def literal(self, kind):
        self.note(f"type {kind}")
        name, values = TYPES[kind]
        value = self.choices.pick(values)
        if kind == "int4":
            return f"({value})" if value[0] == "-" else value
        return "('" + value.replace("'", "''") + f"'::{name})"

    def condition(self, scope, depth=0):
        if depth == 0 and self.choices.chance(12):
            return self.subquery_condition(scope)
        text = self.expr("bool", scope, depth)
        # a constant is false for all rows or for none: once more
        return text if re.search(r"\bq\d", text) else self.expr("bool", scope, depth)

    # --- subqueries in expressions ---

    def inner(self, scope, level=0):
        """FROM of a subquery, its scope, and a correlation (or none)."""
        c, table, where = self.choices, self.table(), []
        kind = c.pick(["int4", "int4", "text", "numeric", "date"])
        ours, outer = ([ref for ref, of in columns if of == kind] for columns in (table.columns, scope))
        if not ours or not outer:
            ours, outer = ([ref for ref, of in columns if of == "int4"] for columns in (table.columns, scope))
        if ours and outer and c.chance(65):
            how = c.pick(["=", "=", "=", "<", ">=", "<>", "IS NOT DISTINCT FROM"])
            self.note(f"correlated by {how}")
            where.append(f"{c.pick(ours)} {how} {c.pick(outer)}")
        if c.chance(30):
            where.append(self.expr("bool", table.columns, 1))
        if scope and c.chance(6):
            self.note("correlated by an expression")
            where.append(self.expr("bool", table.columns + scope, 2))
        if level == 0 and c.chance(10):
            self.note("subquery over two levels")
            where.append(self.subquery_condition(table.columns + scope, 1))
        return table, " WHERE " + " AND ".join(where) if where else ""

    def scalar(self, kind, scope):
        c = self.choices
        table, where = self.inner(scope)
        if c.chance(40):
            self.note("scalar subquery with LIMIT 1")
            order = [self.expr(c.pick(ORDERED), table.columns, 2) + self.direction() for _ in range(c.below(2))]
            order += [key + self.direction() for key in table.keys]
            return f"(SELECT {self.expr(kind, table.columns, 2)} FROM {table.text}{where} ORDER BY {', '.join(order)} LIMIT 1)"
        if kind in ("int_array", "text_array") and c.chance(50):
            self.note("ARRAY(SELECT)")
            return (f"ARRAY(SELECT {self.expr(kind.removesuffix('_array').replace('int', 'int4'), table.columns, 2)} FROM {table.text}{where}"
                    f" ORDER BY {', '.join(table.keys)})")
        if kind not in AGGREGATES:
            return self.literal(kind)
        self.note("scalar subquery")
        call = self.aggregate(kind, table.columns, table.keys)
        return f"(SELECT {call} FROM {table.text}{where})"

    def subquery_condition(self, scope, level=0):
        table, where = self.inner(scope, level)
        how = self.choices.pick(["EXISTS", "IN", "NOT EXISTS", "NOT IN", "= ANY", "> ALL", "< ANY", "<> ALL", "<= ALL", ">= ANY", "row IN", "row NOT IN"])
        self.note(f"{how} subquery")
        if how.startswith("row"):
            kinds = [self.choices.pick(["int4", "text", "numeric"]) for _ in range(2)]
            ours, theirs = (", ".join(self.expr(kind, columns, DEPTH) for kind in kinds) for columns in (scope, table.columns))
            return f"({ours}) {how.removeprefix('row ')} (SELECT {theirs} FROM {table.text}{where})"
        if "EXISTS" in how:
            return f"{how} (SELECT 1 FROM {table.text}{where})"
        kind = self.choices.pick(["int4", "int4", "text"])
        return f"{self.expr(kind, scope, 2)} {how} (SELECT {self.expr(kind, table.columns, 2)} FROM {table.text}{where})"

    def computed(self, text, kind, scope):
        """(text, type): an aggregate or a window's value, compared with a subquery or named by one; of other types as it is."""
        c, compared = self.choices, ("int4", "int8", "numeric", "text", "date")
        if kind not in compared or "SELECT" in text or not c.chance(20):
            return text, kind
        table, where = self.inner(scope)
        if "OVER (" not in text and re.search(r"\bq\d", text) and c.chance(50):
            how = c.pick(["<", ">=", "<>", "="])
            self.note(f"AGGREGATE around {how} in a subquery")
            theirs = self.expr(kind, table.columns, 2)
            return f"(SELECT count(*) FROM {table.text}{where}{' AND' if where else ' WHERE'} {theirs} {how} {text})", "int8"
        how = c.pick(["IN", "NOT IN", "= ANY", "> ALL", "< ANY", "<> ALL", "<= ALL", ">= ANY"])
        self.note(f"{'WINDOW' if 'OVER (' in text else 'AGGREGATE'} {how} subquery")
        return f"({text}) {how} (SELECT {self.expr(kind, table.columns, 2)} FROM {table.text}{where})", "bool"

    # --- FROM ---

    def table(self, most=None):
        """A table, of no more rows than `most`."""
        table, alias = self.choices.pick([table for table in self.tables if most is None or table.size <= most]), self.fresh()
        if table.name != "w":
            self.aliases[alias] = table
        return Item(f"{table.name} {alias}", [(f"{alias}.{name}", kind) for name, kind in table.columns],
                    [f"{alias}.{key}" for key in table.keys], table.size, FEW if table.name == "w" else VALUES_N)

    def constants(self):
        """VALUES as a table."""
        c, alias = self.choices, self.fresh()
        self.note("VALUES in FROM")
        kinds = ["int4", c.pick(["int4", "text", "numeric", "date"])]
        rows = [", ".join("NULL" if i > 0 and c.chance(15) else self.literal(kind) for kind in kinds) for i in range(1 + c.below(4))]
        return Item(f"(VALUES {', '.join(f'({row})' for row in rows)}) {alias}(x, y)",
                    [(f"{alias}.x", kinds[0]), (f"{alias}.y", kinds[1])], None, len(rows))

    def item(self, depth):
        c = self.choices
        if c.chance(4):
            return self.constants()
        if depth < 2 and c.chance(20):
            self.note("subquery in FROM")
            text, columns, keys = self.block(depth + 1)
            alias = self.fresh()
            return Item(f"({text}) {alias}", [(f"{alias}.{name}", kind) for name, kind in columns],
                        None if keys is None else [f"{alias}.{key}" for key in keys], self.size)
        return self.table()

    def joined(self, depth):
        c = self.choices
        left = self.merged() if c.chance(7) else self.item(depth)
        for _ in range(c.pick([0, 0, 0, 1, 1, 2])):
            left = self.lateral(left, ROWS_MOST[depth]) if c.chance(8) else self.bounded_join(left, self.item(depth), ROWS_MOST[depth])
        if c.chance(8):
            left = self.expanded(left)
        self.size = left.size
        return left

    def merged(self):
        """Two tables joined by columns of one name: NATURAL or USING."""
        c, sides, join = self.choices, [], self.fresh()
        common = [(f"{join}u", "int4"), (f"{join}v", "text")][:1 + c.chance(30)]
        for _ in range(2):
            table, alias = self.table(TABLE_ROWS if sides else None), self.fresh()
            of_kind = {kind: [ref for ref, of in table.columns if of == kind] for _, kind in common}
            chosen = [(c.pick(of_kind[kind]) if of_kind[kind] else self.literal(kind), name, kind) for name, kind in common]
            chosen += [(key, f"{alias}k{i}", dict(table.columns)[key]) for i, key in enumerate(table.keys)]
            ref, kind = c.pick(table.columns)
            chosen.append((ref, f"{alias}c", kind))
            listed = ", ".join(f"{ref} AS {name}" for ref, name, _ in chosen)
            sides.append(Item(f"(SELECT {listed} FROM {table.text}) {alias}", [(f"{alias}.{name}", kind) for _, name, kind in chosen[len(common):]],
                              [f"{alias}.{alias}k{i}" for i in range(len(table.keys))], table.size))
        how = c.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        natural = c.chance(50)
        self.note(f"NATURAL {how}" if natural else f"{how} USING")
        text = (f"{sides[0].text} NATURAL {how} {sides[1].text}" if natural
                else f"{sides[0].text} {how} {sides[1].text} USING ({', '.join(name for name, _ in common)})")
        size = max(sides[0].size * sides[1].size // FEW, sides[0].size + sides[1].size)
        return Item(text, common + sides[0].columns + sides[1].columns, sides[0].keys + sides[1].keys, size)

    def lateral(self, left, most):
        """A subquery in FROM that sees what stands left of it; together no more rows than `most`, if `left` has no more."""
        c, alias = self.choices, self.fresh()
        how = c.pick(["CROSS JOIN LATERAL", "LEFT JOIN LATERAL", "JOIN LATERAL"])
        before, behind, beside = f"{left.text} {how}", "" if how.startswith("CROSS") else " ON true", self.table(TABLE_ROWS)
        if c.chance(40) and left.size * beside.size <= most:
            integers = [ref for ref, of in beside.columns if of == "int4"]
            how = c.pick(["LEFT JOIN LATERAL", "LEFT JOIN LATERAL", "RIGHT JOIN LATERAL", *["FULL JOIN LATERAL"][:len(integers)]])
            before = f"{left.text} CROSS JOIN ({beside.text} {how}"
            on = f"{c.pick(integers)} = {alias}.x" if how.startswith("FULL") else self.expr("bool", beside.columns, 2)
            left, behind = Item("", left.columns + beside.columns, left.keys and left.keys + beside.keys, left.size * beside.size), f" ON {on})"
            how = f"BESIDE {how}"
        self.note(how)
        seen = left.columns[:-len(beside.columns)] if "RIGHT" in how or "FULL" in how else left.columns
        table, where = self.inner(seen)
        kinds = ["int4" if "FULL" in how else c.pick(["int4", "text", "numeric", "date"]), c.pick(["int4", "text", "numeric", "date"])]
        shape, size = c.pick(["rows", "top", "aggregate"]), left.size * table.size
        shape = "top" if shape == "rows" and size > most else shape
        if shape == "aggregate":
            kinds = ["int8" if "FULL" in how else c.pick(["int8", "numeric", "text"]), c.pick(["int8", "numeric", "text"])]
            listed = [self.aggregate(kind, table.columns, table.keys) for kind in kinds]
        else:
            listed = [self.expr(kind, table.columns + seen, 2) for kind in kinds]
        text = f"SELECT {listed[0]} AS x, {listed[1]} AS y"
        keys, more = left.keys, []
        if shape == "rows" and keys is not None:
            text += "".join(f", {key} AS k{i}" for i, key in enumerate(table.keys))
            more = [(f"{alias}.k{i}", dict(table.columns)[key]) for i, key in enumerate(table.keys)]
            keys = keys + [key for key, _ in more]
        text += f" FROM {table.text}{where}"
        if shape == "top":
            text += f" ORDER BY {', '.join(key + self.direction() for key in table.keys)} LIMIT 1"
        return Item(f"{before} ({text}) {alias}{behind}",
                    left.columns + [(f"{alias}.x", kinds[0]), (f"{alias}.y", kinds[1])] + more, keys, size if shape == "rows" else left.size)

    def bounded_join(self, left, right, most):
        """The two joined; where that is more rows than `most`, a table by its key instead of `right`."""
        noted, whole = len(self.used), self.join(left, right)
        if whole.size <= most:
            return whole
        del self.used[noted:]
        self.note("JOIN by a key, for the size")
        right, ours = self.table(TABLE_ROWS), [ref for ref, of in left.columns if of == "int4"]
        if not ours:
            return left
        how = self.choices.pick(["JOIN", "LEFT JOIN"])
        return Item(f"{left.text} {how} {right.text} ON {self.choices.pick(ours)} = {right.keys[0]}", left.columns + right.columns,
                    None if left.keys is None else left.keys + right.keys, left.size)

    def join(self, left, right):
        c = self.choices
        how = c.pick(["JOIN", "LEFT JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "comma"])
        self.note(how)
        keys = None if left.keys is None or right.keys is None else left.keys + right.keys
        columns, size = left.columns + right.columns, left.size * right.size
        if how == "CROSS JOIN":
            return Item(f"{left.text} CROSS JOIN {right.text}", columns, keys, size)
        kind = c.pick(["int4", "int4", "int4", "text", "numeric", "date"])
        ours, theirs = ([ref for ref, of in side.columns if of == kind] for side in (left, right))
        if not ours or not theirs:
            ours, theirs = ([ref for ref, of in side.columns if of == "int4"] for side in (left, right))
        on = "true"
        if ours and theirs:
            one, other = c.pick(ours), c.pick(theirs)
            on, by_value = f"{one} = {other}", size // max(left.different(one), right.different(other))
            # PostgreSQL itself has FULL JOIN only on conditions that it can hash or merge
            if how != "FULL JOIN" and c.chance(18):
                both = c.chance(60)
                on, by_value = (f"{on} AND {self.expr('bool', columns, 1)}", by_value) if both else (self.expr("bool", columns, 1), size)
                self.note("join condition")
            elif how in ("JOIN", "LEFT JOIN") and c.chance(8):
                on = f"{on} AND {self.subquery_condition(c.pick([left, right]).columns)}"
                self.note("subquery in ON")
            size = max(by_value, left.size + right.size)
        if how == "comma":
            return Item(f"{left.text} CROSS JOIN {right.text}", columns, keys, size) if on == "true" else Item(
                f"{left.text} JOIN {right.text} ON {on}", columns, keys, size)
        return Item(f"{left.text} {how} {right.text} ON {on}", columns, keys, size)

    def expanded(self, left):
        c, alias = self.choices, self.fresh()
        name, kind, call = c.pick([
            ("unnest", "int4", "unnest({int_array})"), ("generate_series", "int4", "generate_series(1, abs({int4}) % 4)"),
            ("unnest", "text", "unnest({text_array})"), ("regexp_split_to_table", "text", "regexp_split_to_table({text}, ',')"),
            ("jsonb_array_elements", "jsonb", "jsonb_array_elements(case when jsonb_typeof({jsonb}) = 'array' then {jsonb} else '[]' end)")])
        wanted = self.want("rows")
        if wanted:
            return self.wanted_rows(left, wanted, alias)
        if c.chance(35):
            return self.records(left, alias)
        self.note(f"{name} in FROM")
        # both places of the last one must hold the same expression
        argument = self.expr({"unnest({int_array})": "int_array", "unnest({text_array})": "text_array"}.get(call, {
            "generate_series": "int4", "regexp_split_to_table": "text", "jsonb_array_elements": "jsonb"}.get(name)), left.columns, 2)
        text = HOLE.sub(lambda _: argument, call)
        if c.chance(50):
            self.note("WITH ORDINALITY")
            return Item(f"{left.text} CROSS JOIN LATERAL {text} WITH ORDINALITY AS {alias}(x, n)",
                        left.columns + [(f"{alias}.x", kind), (f"{alias}.n", "int8")],
                        None if left.keys is None else left.keys + [f"{alias}.n"], left.size * EXPANDED)
        join = c.pick(["CROSS JOIN LATERAL", "LEFT JOIN LATERAL"])
        self.note(f"{join} of a function")
        text = f"{left.text} {join} {text} AS {alias}(x){' ON true' if join.startswith('LEFT') else ''}"
        return Item(text, left.columns + [(f"{alias}.x", kind)], None, left.size * EXPANDED)

    def document(self, kinds, names, scope, prefix):
        """A json[b] object with members of these types, or NULL."""
        members = ", ".join(f"'{name}', {MEMBER_FITS.get(kind, '{}').replace('{}', self.expr(kind, scope, 2))}"
                            for kind, name in zip(kinds, names))
        text = f"{prefix}_build_object({members})"
        return f"case when {self.expr('bool', scope, DEPTH)} then {text} end" if self.choices.chance(25) else text

    def base(self, table):
        """The row that a record of the table's type begins with."""
        if self.choices.chance(75):
            return f"NULL::{table.name}"
        return f"ROW({', '.join(self.literal(kind) for _, kind in table.columns)})::{table.name}"

    def records(self, left, alias, wanted=None):
        """A function that gives records out of documents, behind each row of `left`; `wanted`: which."""
        c, prefix = self.choices, self.choices.pick(["jsonb", "json"])
        many, populates = c.chance(50), c.chance(35)
        if wanted:
            prefix, many, populates = wanted.split("_")[0], wanted.endswith("set"), "_populate_" in wanted
        if populates:
            table = c.pick([table for table in self.tables if table.name != "w"])
            columns, given = table.columns, [column for column in table.columns if c.chance(70)] or table.columns[:1]
            kinds, names = [kind for _, kind in given], [name for name, _ in given]
        else:
            kinds = [c.pick(MEMBERS) for _ in range(1 + c.below(3))]
            names = [f"m{i}" for i in range(len(kinds))]
            columns = list(zip(names, kinds))
        document = self.document(kinds, names, left.columns, prefix)
        if many:
            document = f"{prefix}_build_array({document}, {self.document(kinds[:1], names, left.columns, prefix)})"
            document = document if "case when" not in document else f"{prefix}_build_array({prefix}_build_object())"
        name = f"{prefix}_{'populate_record' if populates else 'to_record'}{'set' if many else ''}"
        self.note(f"{name} in FROM")
        listed = "" if populates else f"({', '.join(f'{column} {TYPES[kind][0]}' for column, kind in columns)})"
        call = f"{name}({f'{self.base(table)}, ' if populates else ''}{document}) AS {alias}{listed}"
        join = c.pick(["CROSS JOIN LATERAL", "LEFT JOIN LATERAL"])
        return Item(f"{left.text} {join} {call}{' ON true' if join.startswith('LEFT') else ''}",
                    left.columns + [(f"{alias}.{column}", kind) for column, kind in columns], None if many else left.keys,
                    left.size * (2 if many else 1))

    def wanted_rows(self, left, wanted, alias):
        """The rows of a function that must be called, behind each row of `left`."""
        if wanted.template.startswith("records "):
            return self.records(left, alias, wanted.template.split()[1])
        call, names = self.fill(wanted.template, left.columns, 2), ["x"]
        outer = self.choices.chance(75)  # else too many answers are empty
        kinds = [wanted.result]
        if "_each" in wanted.template:
            names, kinds = ["x", "y"], ["text", "text" if "_text(" in wanted.template else "jsonb" if "jsonb" in wanted.template else "json"]
        columns = [(f"{alias}.{name}", kind) for name, kind in zip(names, kinds) if kind]
        text = f"{call} WITH ORDINALITY AS {alias}({', '.join(names)}, n)"
        return Item(f"{left.text} LEFT JOIN LATERAL {text} ON true" if outer else f"{left.text} CROSS JOIN LATERAL {text}",
                    left.columns + columns + [(f"{alias}.n", "int8")], None if left.keys is None else left.keys + [f"{alias}.n"],
                    left.size * EXPANDED)

    def where(self, scope):
        c, parts = self.choices, []
        for _ in range(c.pick([0, 0, 0, 0, 1, 1, 2])):
            wanted = self.wanted["expression"]
            if wanted and wanted[-1].result == "bool" and c.chance(20):
                parts.append(f"({self.fill(wanted.pop().template, scope, 2)}) IS NOT {c.pick(['TRUE', 'FALSE'])}")
                continue
            # most conditions are seldom true: these, and a column that is there, keep answers from being empty
            there = f"{c.pick(scope)[0]} IS NOT NULL"
            parts.append(c.pick(["{}", "{}", "({}) IS NOT TRUE", f"({{}} OR {there})"]).replace("{}", self.condition(scope))
                         if c.chance(45) else there)
        return " WHERE " + " AND ".join(parts) if parts else ""

    # --- blocks ---

    def kinds(self, least=1, most=4):
        return [self.choices.pick(list(TYPES)) for _ in range(least + self.choices.below(most - least + 1))]

    def more_columns(self, item, depth, comparable=False):
        """Columns for what must be called; `comparable`: those of types that have no = as text."""
        out = []
        while depth == 0 and self.wanted["expression"] and len(out) < CALLS_MOST:
            wanted = self.want("expression")
            if wanted is not None:
                out.append((wanted, self.fill(wanted.template, item.columns, 2)))
        while depth == 0 and self.wanted["aggregate"]:
            wanted = self.want("aggregate")
            if wanted is not None:
                table, where = self.inner(item.columns, 1)
                out.append((wanted, f"SELECT {self.fill(wanted.template, table.columns, 2, ', '.join(table.keys))} FROM {table.text}{where}"))
        return "".join(f", ({text}){'::text' if comparable and wanted.result not in ORDERED else ''} AS w{i}"
                       for i, (wanted, text) in enumerate(out))

    def wanted_calls(self, item, depth):
        """Aggregates that must be called, and aggregates over expressions that must be."""
        out = []
        while depth == 0 and (self.wanted["aggregate"] or self.wanted["expression"]) and len(out) < CALLS_MOST:
            wanted = self.want("aggregate") or self.want("expression")
            if wanted is None:
                continue
            if wanted.kind == "expression":
                text = self.fill(wanted.template, item.columns, 2)
                call = {"bool": "bool_or", "jsonb": "count", "json": "count"}.get(wanted.result, "max" if wanted.result in ORDERED and wanted.result not in (
                    "uuid", "bytea", "text_array") else "count")
                out.append(f"{call}({text})")
            elif "{key}" not in wanted.template or item.keys:
                out.append(self.fill(wanted.template, item.columns, 2, ", ".join(item.keys or [])))
        return "".join(f", {text} AS w{i}" for i, text in enumerate(out))

    def rows(self, depth, kinds=None, distinct=False):
        item = self.joined(depth)
        while depth == 0 and self.wanted["rows"] and item.size <= ROWS_MOST[0]:
            item = self.expanded(item)
        chosen = kinds or self.kinds()
        columns = [(self.expr(kind, item.columns), kind) for kind in chosen]
        keys = None
        if kinds is None and item.keys is not None and self.choices.chance(70):
            keys = [f"k{i}" for i in range(len(item.keys))]
            columns = [(key, dict(item.columns)[key]) for key in item.keys] + columns
        names = (keys or []) + [f"c{i}" for i in range(len(chosen))]
        listed = ", ".join(f"{text} AS {name}" for name, (text, _) in zip(names, columns))
        if kinds is None or distinct:
            listed += self.more_columns(item, depth, distinct)
            if depth == 0 and not distinct and self.choices.chance(3):
                self.note("rows in SELECT")
                listed += f", generate_series(1, {self.expr('int4', item.columns, 2)} % 3) AS s"
                keys = None
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
        if not item.keys or " AS s FROM" in text:
            return text, columns, keys
        self.note("LIMIT")
        order = [self.expr(self.choices.pick(ORDERED), item.columns, 2) + self.direction() for _ in range(self.choices.below(2))]
        order += [key + self.direction() for key in item.keys]
        limit = self.choices.pick(["LIMIT 5", "LIMIT 1", "LIMIT 12 OFFSET 1", "OFFSET 2", "LIMIT 3", "FETCH FIRST 4 ROWS ONLY"])
        return f"{text} ORDER BY {', '.join(order)} {limit}", columns, keys

    def distinct(self, depth):
        text, columns, _, item = self.rows(depth, [kind for kind in self.kinds(1, 2) if kind != "json"] or ["int4"], distinct=True)
        self.note("DISTINCT")
        return text.replace("SELECT", "SELECT DISTINCT", 1), columns, [name for name, _ in columns] if depth else None

    def distinct_on(self, depth):
        item = self.joined(depth)
        if not item.keys:
            return self.plain_rows(depth)
        self.note("DISTINCT ON")
        kind = self.choices.pick(ORDERED)
        on = self.expr(kind, item.columns, 2)
        on = f"({on} + 0)" if on.isdigit() else on
        order = ", ".join([on, *(key + self.direction() for key in item.keys)])
        columns = [(self.expr(k, item.columns, 1), k) for k in self.kinds(1, 2)]
        listed = ", ".join(f"{text} AS c{i + 1}" for i, (text, _) in enumerate(columns)) + self.more_columns(item, depth)
        text = f"SELECT DISTINCT ON ({on}) {on} AS c0, {listed} FROM {item.text}{self.where(item.columns)} ORDER BY {order}"
        return text, [("c0", kind)] + [(f"c{i + 1}", k) for i, (_, k) in enumerate(columns)], ["c0"]

    def aggregate(self, kind, scope, keys):
        if kind not in AGGREGATES:
            return "NULL::" + TYPES[kind][0]
        if kind in ROW_AGGREGATES and self.choices.chance(10):
            template = self.choices.pick(ROW_AGGREGATES[kind])
            text = self.with_rows(template, scope) if "{key}" not in template or keys else None
            if text:
                self.note(f"row: {template.replace('{', '').replace('}', '')}")
                return self.fill(text, scope, 2, ", ".join(keys or []))
        options = [t for t in AGGREGATES[kind] if "{key}" not in t or keys] or ["NULL::" + TYPES[kind][0]]
        template = self.choices.pick(options)
        self.note(template)
        return self.fill(template, scope, 2, ", ".join(keys or []))

    def group(self, depth):
        c = self.choices
        item = self.joined(depth)
        while depth == 0 and self.wanted["rows"] and item.size <= ROWS_MOST[0]:
            item = self.expanded(item)
        groups = list(dict.fromkeys((self.expr(kind, item.columns, 1), kind) for kind in
                                    [c.pick(ORDERED) for _ in range(c.pick([1, 1, 2, 0]))]))
        groups = [group for group in groups if re.search(r"\bq\d+(\.|[uv]\b)", group[0]) and "SELECT" not in group[0]]
        kinds = [c.pick(list(AGGREGATES)) for _ in range(1 + c.below(3))]
        made = [self.computed(self.aggregate(kind, item.columns, item.keys), kind, []) for kind in kinds]
        numerics = [ref for ref, kind in item.columns if kind == "numeric"]
        if numerics and c.chance(20):  # the scale of its result comes and goes with single rows
            self.note("sum of a column of all scales")
            made.append((f"sum({c.pick(numerics)})", "numeric"))
        calls, kinds = [text for text, _ in made], [kind for _, kind in made]
        columns = [f"{text} AS g{i}" for i, (text, _) in enumerate(groups)] + [f"{call} AS c{i}" for i, call in enumerate(calls)]
        text = f"SELECT {', '.join(columns)}{self.wanted_calls(item, depth)} FROM {item.text}{self.where(item.columns)}"
        keys = [f"g{i}" for i in range(len(groups))]
        if groups:
            text += self.group_by(groups)
            keys = keys if self.simple_group else None
        if c.chance(13):
            self.note("HAVING")
            if c.chance(25):
                self.note("subquery in HAVING")
                table, where = self.inner([])
                text += f" HAVING count(*) {c.pick(['<', '>=', '<>'])} (SELECT {self.aggregate('int8', table.columns, table.keys)} FROM {table.text}{where})"
            elif c.chance(50):
                text += f" HAVING count(*) {c.pick(['>= 1', '< 3', '<> 2'])}"
            else:
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
        if not item.keys:
            return self.plain_rows(depth)
        c, columns = self.choices, [(key, dict(item.columns)[key]) for key in item.keys]
        for _ in range(1 + c.below(3)):
            columns.append(self.window_call(item))
        names = [f"k{i}" for i in range(len(item.keys))] + [f"c{i}" for i in range(len(columns) - len(item.keys))]
        listed = ", ".join(f"{text} AS {name}" for name, (text, _) in zip(names, columns))
        listed += self.more_columns(item, depth)
        return (f"SELECT {listed} FROM {item.text}{self.where(item.columns)}", [(n, k) for n, (_, k) in zip(names, columns)],
                names[:len(item.keys)])

    def window_top(self, depth):
        """The first rows of each partition, by their number in a subquery."""
        item = self.joined(depth)
        if not item.keys:
            return self.plain_rows(depth)
        c = self.choices
        call = c.pick(["row_number()", "row_number()", "rank()"])
        self.note(f"{call} <= n")
        partition = f"PARTITION BY {self.expr(c.pick(ORDERED), item.columns, 2)} " if c.chance(75) else ""
        order = [self.expr(c.pick(ORDERED), item.columns, 2) + self.direction() for _ in range(c.below(2))]
        order += [key + self.direction() for key in item.keys]
        kinds, alias = self.kinds(1, 2), self.fresh()
        names = [f"k{i}" for i in range(len(item.keys))] + [f"c{i}" for i in range(len(kinds))]
        texts = item.keys + [self.expr(kind, item.columns, 1) for kind in kinds]
        listed = ", ".join(f"{text} AS {name}" for text, name in zip(texts, names))
        inner = f"SELECT {listed}, {call} OVER ({partition}ORDER BY {', '.join(order)}) AS n FROM {item.text}{self.where(item.columns)}"
        more = self.more_columns(item, depth)
        inner = inner.replace(f", {call} OVER (", f"{more}, {call} OVER (", 1)
        shown = names + (["n"] if c.chance(50) else []) + [f"w{i}" for i in range(more.count(" AS w"))]
        kinds = [dict(item.columns)[key] for key in item.keys] + kinds + ["int8"]
        return (f"SELECT {', '.join(f'{alias}.{name}' for name in shown)} FROM ({inner}) {alias} WHERE {alias}.n <= {1 + c.below(4)}",
                list(zip(shown[:len(kinds)], kinds)), names[:len(item.keys)])

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
        return self.computed(f"{self.fill(call, item.columns, 2)} OVER ({' '.join(parts)})", kind, item.columns)

    def set_operation(self, depth):
        c = self.choices
        how = c.pick(["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL"])
        self.note(how)
        few = ["int4", "int2", "bool", "text", "mood", "numeric"]  # of few values: rows of both sides meet
        kinds = [c.pick(few if "INTERSECT" in how else [kind for kind in ORDERED if kind not in SAME]) for _ in range(1 + c.below(2))]
        left, columns, _, _ = self.rows(depth, kinds)
        size = self.size
        right, _, _, _ = self.rows(depth, kinds)
        self.size += size
        if c.chance(20):
            self.note("three in a set operation")
            size = self.size
            more, third = c.pick(["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL"]), self.rows(depth, kinds)[0]
            self.size += size
            text = c.pick([f"{left} {how} {right} {more} {third}", f"{left} {how} ({right} {more} {third})"])
            return text, columns, None
        if c.chance(15):
            self.note("VALUES in a set operation")
            right = f"VALUES ({', '.join(self.literal(kind) for kind in kinds)}), ({', '.join(self.literal(kind) for kind in kinds)})"
        return f"{left} {how} {right}", columns, None if how.endswith("ALL") else [name for name, _ in columns]

    def block(self, depth=0):
        """(text, [(name, type)], key columns or None)."""
        return self.choices.pick([self.plain_rows, self.plain_rows, self.group, self.group, self.group, self.distinct, self.top,
                                  self.window, self.set_operation, self.distinct_on, self.window_top, self.window])(depth)

    def _whole(self):
        if self.choices.chance(10):
            self.note("WITH")
            text, columns, keys = self.block(1)
            self.tables = self.tables + [Source("w", columns, keys, self.size)] * 2 if keys else self.tables
            return f"WITH w AS ({text}) {self.block()[0]}"
        return self.block()[0]


def case(seed, views, wanted=lambda number: ()):
    """Data and queries of one script; each query with its choices and what it was asked to call."""
    data = Data(f"{seed} data")
    queries = []
    for number in range(views):
        choices, asked = Choices(f"{seed} view {number}"), wanted(seed * views + number)
        queries.append((Query(data.tables, choices, asked), choices.made, asked))
    return data, queries


class Every(Data):
    """Two tables with a column of every type, for each template once, over plain columns."""

    def _table(self, name):
        return Source(name, [("id", "int4")] + [(f"{name}_{kind}{i}", kind) for kind in TYPES for i in (1, 2)], ["id"])

    def queries(self, signatures=()):
        """(what, text) of each expression, aggregate, signature and window."""
        scope = self.tables[0].columns
        for one in signatures:
            if one.template.startswith("records "):
                continue  # over_rows has them
            call = self._plain(one.template, scope)
            yield one.name, {"aggregate": f"SELECT a_int42 AS g, {call} AS c FROM a GROUP BY a_int42", "expression": f"SELECT id, {call} AS c FROM a",
                             "rows": f"SELECT id, x.* FROM a CROSS JOIN LATERAL {call} WITH ORDINALITY x"}[one.kind]
        for table, group in ((EXPRESSIONS, False), (AGGREGATES, True)):
            for template in dict.fromkeys(template for options in table.values() for template in options):
                call = self._plain(template, scope)
                yield template, (f"SELECT a_int42 AS g, {call} AS c FROM a GROUP BY a_int42" if group
                                 else f"SELECT id, {call} AS c FROM a")
        yield from self.over_rows(scope)
        for kind, call, total in WINDOWS:
            for frame in FRAMES[1:] if "ntile" not in call else [""]:
                order = "id" if total or "rows" in frame or "groups" in frame else "a_int41 DESC, id"
                yield f"{call} {frame}", (f"SELECT id, {self._plain(call, scope)} OVER (PARTITION BY a_int42 ORDER BY {order} {frame}) AS c"
                                          " FROM a")

    def over_rows(self, scope):
        """(what, text) of each template over whole rows, and of each function that gives records."""
        some = ", ".join(["id AS row_id", *(name for name, kind in scope if kind in ("int4", "text", "numeric", "date", "bool"))])
        for template in dict.fromkeys(template for options in ROWS.values() for template in options):
            pair = f"(SELECT {some} FROM a) x JOIN (SELECT {some} FROM a) y ON y.row_id >= x.row_id" if "{other}" in template else "a x"
            call = self._plain(template.replace("{row}", "x").replace("{other}", "y"), scope)
            yield template, f"SELECT {'x.row_id, y.row_id AS other' if 'JOIN' in pair else 'id'}, {call} AS c FROM {pair}"
        for template in dict.fromkeys(template for options in ROW_AGGREGATES.values() for template in options):
            yield template, f"SELECT a_int42 AS g, {self._plain(template.replace('{row}', 'a'), scope)} AS c FROM a GROUP BY a_int42"
        members = ", ".join(f"'{kind}', a_{kind}1" for kind in MEMBERS)
        listed = ", ".join(f'"{kind}" {TYPES[kind][0]}' for kind in MEMBERS)
        for prefix in ("json", "jsonb"):
            one = f"{prefix}_build_object({members})"
            yield f"{prefix}_to_record", f"SELECT id, x.* FROM a CROSS JOIN LATERAL {prefix}_to_record({one}) AS x({listed})"
            yield f"{prefix}_to_recordset", f"SELECT id, x.* FROM a LEFT JOIN LATERAL {prefix}_to_recordset({prefix}_build_array({one})) AS x({listed}) ON true"
            some = f"{prefix}_build_object('a_text1', a_text2, 'a_int_array2', a_int_array1, 'a_small1', null)"
            yield f"{prefix}_populate_record", f"SELECT a.id AS key, x.* FROM a CROSS JOIN LATERAL {prefix}_populate_record(a, {some}) AS x"
            yield f"{prefix}_populate_recordset", f"SELECT a.id AS key, x.* FROM a, {prefix}_populate_recordset(NULL::a, {prefix}_build_array({some})) AS x"

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
