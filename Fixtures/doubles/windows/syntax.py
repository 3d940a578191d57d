"""PowerShell's syntax, by the real grammar (tree-sitter-powershell), without the levels that only pass through."""

import functools

import tree_sitter
import tree_sitter_powershell

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


class SyntaxTrouble(Exception):
    """The grammar doesn't know such a script."""


class Node:
    """A node of the tree. One that stands for its only child is that child. What was asked of it is kept: the same few scripts
    come again and again."""

    def __init__(self, raw):
        while len(raw.children) == 1 and raw.children[0].is_named and raw.type not in _KEPT:
            raw = raw.children[0]
        self.raw = raw
        self.type = raw.type.replace("_argument_expression", "_expression")

    @functools.cached_property
    def text(self):
        return self.raw.text.decode()

    @functools.cached_property
    def children(self):
        """The named ones, without comments and what only divides."""
        return [Node(c) for c in self.raw.named_children if c.type not in _DIVIDING]

    @functools.cached_property
    def marks(self):
        """The words and signs between the named ones."""
        return [c.text.decode().lower() for c in self.raw.children if not c.is_named]

    def child(self, *types):
        return next((c for c in self.children if c.type in types), None)

    @property
    def line(self):
        return self.raw.start_point[0] + 1


# These mean something also with one child.
_KEPT = {
    "command", "command_elements", "assignment_expression", "statement_block", "script_block", "statement_list",
    "hash_literal_body", "argument_expression_list", "catch_clauses", "else_clause", "elseif_clauses", "while_condition",
    "param_block", "parameter_list", "string_literal", "flow_control_statement", "member_name", "type_literal",
    "script_block_body", "argument_list", "script_parameter", "script_parameter_default", "program",
}
_DIVIDING = {"comment", "command_argument_sep", "empty_statement"}


@functools.lru_cache(maxsize=512)
def parse(script):
    root = _PARSER.parse(script.encode()).root_node
    if root.has_error:
        raise SyntaxTrouble(f"no PowerShell: {_first_error(root)}")
    return Node(root)


def _first_error(node):
    if node.type == "ERROR" or node.is_missing:
        where = node.text.decode(errors="replace")[:60]
        return f"line {node.start_point[0] + 1}: {where!r}"
    return next((found for c in node.children if (found := _first_error(c))), None)


def commands(script):
    """What a script names that could do something: commands, and members of types and objects that are called."""
    found = set()

    def visit(raw):
        if raw.type == "command_name":
            found.add(raw.text.decode())
        if raw.type == "command_invokation_operator":
            found.add(raw.text.decode())
        if raw.type == "invokation_expression":
            parts = [c for c in raw.named_children if c.type in ("type_literal", "member_name")]
            kind = next((c.text.decode() for c in raw.named_children if c.type == "type_literal"), "")
            name = next((c.text.decode() for c in raw.named_children if c.type == "member_name"), "?")
            found.add(f"{kind}::{name}" if kind and parts else f".{name}")
        for child in raw.named_children:
            visit(child)

    visit(parse(script).raw)
    return sorted(found)
