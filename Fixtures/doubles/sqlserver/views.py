"""A view of the catalogue: its columns, and who gives its rows."""

from datatypes import Type
from world import Column

LENGTHS = {"nvarchar": 128, "varbinary": 85}


class View:
    def __init__(self, key, columns_, rows):
        self.key = self.name = key
        self.columns, self.rows = columns_, rows


def columns(text):
    """`name:type`, one after the other; `lsn` is numeric(25,0)."""
    found = []
    for each in text.split():
        name, kind = each.split(":")
        if kind == "lsn":
            type_ = Type("numeric", precision=25)
        elif kind == "sysname":
            type_ = Type("nvarchar", 128)
        elif kind == "path":
            type_ = Type("nvarchar", 500)
        else:
            type_ = Type(kind, LENGTHS.get(kind, 1))
        found.append(Column(name, type_))
    return found


def instance_views(schema, described):
    """`rows(session, database)` gives a view's rows."""
    return {"%s.%s" % (schema, name): View("%s.%s" % (schema, name), columns(text), rows)
            for name, (text, rows) in described.items()}
