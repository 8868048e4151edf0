"""Models and matrices as named arrays in `.npz` files, without pickle."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.datasets.atomic import AtomicDataset, JSONPreview, json_preview, readable
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.knowledge.similar_items import SimilarItems
from explainable_recsys.recommenders.base import Recommender, load_recommender

T = TypeVar("T")
Arrays = dict[str, NDArray[Any]]


class ArraysDataset(AtomicDataset[T]):
    """Something that can be taken apart into named arrays and put together again."""

    def _take_apart(self, data: Any) -> Arrays:
        """Name the arrays of the data."""
        arrays: Arrays = data.to_arrays()
        return arrays

    @abstractmethod
    def _put_together(self, arrays: Arrays) -> T:
        """Rebuild the data."""

    def preview(self) -> JSONPreview:
        """Shape and type of every array, and what is no array by its value, for kedro-viz."""
        with self._load_file().open("rb") as file:
            facts = {name: _summary(array) for name, array in _read_arrays(file).items()}
        return json_preview(readable(json.dumps(facts)))

    def _write(self, file: IO[bytes], data: T) -> None:
        np.savez(file, allow_pickle=False, **self._take_apart(data))

    def _read(self, file: IO[bytes]) -> T:
        return self._put_together(_read_arrays(file))


class ModelDataset(ArraysDataset[Recommender]):
    """A recommender of any kind."""

    def _put_together(self, arrays: Arrays) -> Recommender:
        return load_recommender(arrays)


class SimilarItemsDataset(ArraysDataset[SimilarItems]):
    """The items nearest to each item."""

    def _put_together(self, arrays: Arrays) -> SimilarItems:
        return SimilarItems.from_arrays(arrays)


class InteractionsDataset(ArraysDataset[Interactions]):
    """A rating matrix with its ids."""

    def _take_apart(self, data: Interactions) -> Arrays:
        matrix = data.ratings
        return {
            "user_ids": data.user_ids,
            "item_ids": data.item_ids,
            "ratings": matrix.data,
            "columns": matrix.indices,
            "row_starts": matrix.indptr,
        }

    def _put_together(self, arrays: Arrays) -> Interactions:
        ids = arrays["user_ids"], arrays["item_ids"]
        return Interactions(_matrix(arrays, arrays["ratings"], len(ids[1])), *ids)


class FeaturesDataset(ArraysDataset[Features]):
    """A 0/1 matrix of features with their names and groups."""

    def _take_apart(self, data: Features) -> Arrays:
        matrix = data.matrix
        texts = {"groups": data.groups, "names": data.names, "labels": data.labels}
        return {
            "n_rows": np.array(matrix.shape[0]),
            "columns": matrix.indices,
            "row_starts": matrix.indptr,
            **{name: np.array(values, dtype=np.str_) for name, values in texts.items()},
        }

    def _put_together(self, arrays: Arrays) -> Features:
        texts = (tuple(arrays[name].tolist()) for name in ("groups", "names", "labels"))
        ones = np.ones(len(arrays["columns"]), np.float32)
        return Features(_matrix(arrays, ones, len(arrays["names"])), *texts)


def _matrix(arrays: Arrays, values: NDArray[Any], n_columns: int) -> sparse.csr_array:
    columns, row_starts = arrays["columns"], arrays["row_starts"]
    return sparse.csr_array((values, columns, row_starts), (len(row_starts) - 1, n_columns))


def _read_arrays(file: IO[bytes]) -> Arrays:
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def _summary(array: NDArray[Any]) -> Any:
    """A scalar's value (JSON text parsed), or an array's shape and type."""
    if array.ndim:
        kind = "text" if array.dtype.kind == "U" else str(array.dtype)
        return f"{' × '.join(map(str, array.shape))} {kind}"
    value = array.item()
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value
