"""Comparing what Sluice keeps with what an oracle answers. Two empty answers prove nothing and fail."""

from collections import Counter

SHOWN = 10


def same_rows(actual, expected, what, at_least=1):
    """Both hold the same rows, each the same number of times, in any order. Prints the count."""
    actual, expected = [tuple(row) for row in actual], [tuple(row) for row in expected]
    missing, surplus = Counter(expected), Counter(actual)
    missing.subtract(surplus)
    differences = [(row, n) for row, n in missing.items() if n]
    report(what, len(actual), len(expected), not differences, at_least)
    if differences:
        lines = [f"  {'missing' if n > 0 else 'surplus'} {abs(n)} x {row}" for row, n in differences[:SHOWN]]
        lines += [f"  ... and {len(differences) - SHOWN} more"] if len(differences) > SHOWN else []
        raise AssertionError(f"{what}: {len(differences)} rows differ\n" + "\n".join(lines))


def same_csv(actual, expected, what, at_least=1):
    """Both texts (a header and one line a row) are the same to the byte. Prints the count."""
    have, want = actual.splitlines(), expected.splitlines()
    report(what, len(have) - 1, len(want) - 1, actual == expected, at_least)
    if actual != expected:
        raise AssertionError(f"{what}: {first_difference(have, want)}")


def first_difference(have, want):
    for number, (left, right) in enumerate(zip(have, want), 1):
        if left != right:
            return f"line {number} is\n  {left}\ninstead of\n  {right}"
    if len(have) != len(want):
        longer, word = (have, "surplus") if len(have) > len(want) else (want, "missing")
        return f"line {min(len(have), len(want)) + 1} is {word}: {longer[min(len(have), len(want))]}"
    return "the line ends differ"


def report(what, actual, expected, equal, at_least):
    print(f"{what}: {actual} rows, expected {expected}: {'equal' if equal else 'DIFFERENT'}")
    if expected < at_least:
        raise AssertionError(f"{what}: the oracle has {expected} rows, fewer than {at_least}: this compares nothing")
