"""How the tables of a `source` block become frames with our columns, in bounded memory."""

from explainable_recsys.datasets.reading.files import path_of, table_at
from explainable_recsys.datasets.reading.tables import read_first_rows, read_table

__all__ = ["path_of", "read_first_rows", "read_table", "table_at"]
