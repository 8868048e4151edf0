"""Things made of a handful of named arrays, stored without pickle."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Self, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from explainable_recsys.errors import InputError


class NamedArrays:
    """A frozen dataclass whose fields are all that is ever stored of it.

    The fields are numpy arrays and numbers, plus optionally one `parameters` field of a
    `Parameters` type. The name of the module that it lives in is its `kind`.
    """

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything needed to rebuild it, as arrays that need no pickle."""
        arrays: dict[str, NDArray[Any]] = {"kind": np.array(kind_of(type(self)))}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, BaseModel):
                value = json.dumps(value.model_dump(mode="json"), sort_keys=True)
            arrays[field.name] = np.asarray(value)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Rebuild it from `to_arrays`.

        Raises:
            InputError: If an array is missing.
        """
        names = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        if missing := names - set(arrays):
            raise InputError(
                f"model file: no array {', '.join(sorted(missing))} of a '{kind_of(cls)}' model"
            )
        types = get_type_hints(cls)
        values: dict[str, Any] = {}
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            value, declared = arrays[field.name], types[field.name]
            if isinstance(declared, type) and issubclass(declared, BaseModel):
                values[field.name] = declared.model_validate_json(str(value))
            else:
                values[field.name] = declared(value) if declared in (int, float) else value
        return cls(**values)


def kind_of(made: type[NamedArrays]) -> str:
    """Name of the module that something lives in, stored with it to find it again."""
    return made.__module__.rpartition(".")[2]
