"""How the tables of a `source` block become frames with our columns, in bounded memory."""
