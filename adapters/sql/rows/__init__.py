"""One mapper an aggregate or record: how it becomes a row, and a row becomes it again."""
