"""What is known of a derivative that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .judging import Comparison
from .lines import Columns, Lines
from .mistakes.evidence import Evidence
from .points import Point

Array: TypeAlias = np.ndarray[Any, Any]


def evidences(
    point: Point,
    cotangents: Sequence[Array],
    lines: Lines,
    columns: Columns,
    comparison: Comparison,
    wrong: Array,
) -> list[Evidence]:
    """Return what is known of the lines that are wrong, for each input."""
    found = []
    for group in np.unique(lines.groups[wrong]):
        rows = np.flatnonzero(lines.groups == group)
        if columns.projection is None:
            evidence = _evidence(point, cotangents, int(group), rows, comparison)
        else:
            margin = np.nan_to_num(comparison.margin()[rows], nan=np.inf)
            column = int(np.argmax(margin.max(axis=0)))
            evidence = _scalar_evidence(point, int(group), rows, column, comparison)
        found.append(evidence)
    return found


def _evidence(
    point: Point, cotangents: Sequence[Array], group: int, rows: Array, comparison: Comparison
) -> Evidence:
    """All about the derivative of the output in which an input is most wrong."""
    shape = point.subject.values[group].shape
    numeric, error = comparison.nearest()
    differs = np.abs(numeric - comparison.analytic) > comparison.tolerance
    ends = np.cumsum([output.size for output in point.outputs])
    parts = np.split(differs, ends[:-1], axis=1)
    which = int(np.argmax([part[rows].sum() for part in parts]))
    output = point.outputs[which]
    taken = slice(ends[which] - output.size, ends[which])
    # All other outputs have a gradient of 0.
    alone = [c if i == which else np.zeros_like(c) for i, c in enumerate(cotangents)]
    weights = cotangents[which].ravel()

    def jacobian(matrix: Array) -> Array:
        return matrix[rows, taken].T.reshape(output.shape + shape)

    def gradient(matrix: Array, factors: Array) -> Array:
        return np.asarray(matrix[rows, taken] @ factors).reshape(shape)

    return Evidence(
        value=point.subject.values[group],
        output=np.asarray(output, dtype=np.float64),
        cotangent=cotangents[which],
        returned=point.gradients(alone)[0][rows].reshape(shape),
        expected=gradient(numeric, weights),
        error=gradient(error, np.abs(weights)),
        analytic=jacobian(comparison.analytic),
        numeric=jacobian(numeric),
        numeric_error=jacobian(error),
        others={
            parameter: (numeric[places, taken] @ weights).reshape(value.shape)
            for other, (parameter, value) in enumerate(
                zip(point.subject.parameters, point.subject.values, strict=True)
            )
            if other != group
            for places in [np.flatnonzero(point.owners == other)]
        },
        parameter=point.subject.parameters[group],
    )


def _scalar_evidence(
    point: Point, group: int, rows: Array, column: int, comparison: Comparison
) -> Evidence:
    """What is known of the derivative of a sum of many outputs, by some elements."""
    numeric, error = comparison.nearest()
    shape = point.subject.values[group].shape
    whole = len(rows) == point.subject.values[group].size
    value, returned, expected, error = (
        a.reshape(shape) if whole else a
        for a in (
            point.vector[point.owners == group] if whole else np.zeros(len(rows)),
            comparison.analytic[rows, column],
            numeric[rows, column],
            error[rows, column],
        )
    )
    return Evidence(
        value=value,
        output=np.zeros(()),
        cotangent=np.ones(()),
        returned=returned,
        expected=expected,
        error=error,
        analytic=None,
        numeric=None,
        numeric_error=None,
        others={},
        parameter=point.subject.parameters[group],
    )
