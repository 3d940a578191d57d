"""The values of expressions. What isn't here is refused."""

import members
import operators
from syntax import Node
from values import Record, Refused, Script, StaticType, number, sequence, single, text, truth

_CONSTANTS = {"true": True, "false": False, "null": None}


class Expressions:
    """The half of the interpreter that has no effect but by commands and members. The other half runs statements."""

    def value(self, node, scope):
        handler = getattr(self, "_get_" + node.type, None)
        if handler:
            return handler(node, scope)
        if node.type in ("logical_expression", "comparison_expression", "additive_expression", "format_expression",
                         "multiplicative_expression", "bitwise_expression", "range_expression"):
            return self._binary(node, scope)
        if node.type.endswith("_statement"):
            return single(self.run(node, scope))
        raise Refused(f"{node.type} in line {node.line}: {node.text[:60]}")

    def _binary(self, node, scope):
        left, right = node.raw.named_children[0], node.raw.named_children[-1]
        sign = "".join(c.text.decode() for c in node.raw.children[1:-1]).lower()
        left = self.value(Node(left), scope)
        if sign in ("-and", "-or"):
            if truth(left) == (sign == "-or"):
                return sign == "-or"
            return truth(self.value(Node(right), scope))
        return operators.binary(sign, left, self.value(Node(right), scope))

    def _get_pipeline(self, node, scope):
        if len(node.children) != 1:
            raise Refused(f"a pipeline as {node.text[:60]}")
        return self.value(node.children[0], scope)

    def _get_pipeline_chain(self, node, scope):
        if any(mark in ("&&", "||") for mark in node.marks):
            raise Refused("a chain of pipelines: Windows PowerShell knows none")
        first, *rest = node.children
        items = self.command(first, None, scope) if first.type == "command" else sequence(self.value(first, scope))
        for command in rest:
            items = self.command(command, items, scope)
        return single(items)

    def _get_command(self, node, scope):
        return single(self.command(node, None, scope))

    def command(self, node, items, scope):
        import cmdlets  # it calls the interpreter back
        return cmdlets.run(self, node, items, scope)

    def _get_assignment_expression(self, node, scope):
        self._do_assignment_expression(node, scope, [])

    def _get_variable(self, node, scope):
        name = node.text.lstrip("$").lower()
        if ":" in name or name in ("env", "args", "error", "psitem"):
            raise Refused(f"the variable {node.text}")
        return _CONSTANTS[name] if name in _CONSTANTS else scope.get(name)

    def _get_string_literal(self, node, scope):
        literal = node.text
        if node.raw.named_children[0].type != "verbatim_string_characters":
            raise Refused(f"a text in which something may stand: {literal[:60]}")
        return literal[1:-1].replace("''", "'")

    def _get_verbatim_string_characters(self, node, scope):
        return node.text[1:-1].replace("''", "'")

    def _get_decimal_integer_literal(self, node, scope):
        return int(node.text)

    def _get_hexadecimal_integer_literal(self, node, scope):
        return int(node.text, 16)

    def _get_parenthesized_expression(self, node, scope):
        return self.value(node.children[0], scope)

    def _get_array_expression(self, node, scope):
        return self.run(node.children[0], scope) if node.children else []

    def _get_array_literal_expression(self, node, scope):
        return [self.value(child, scope) for child in node.children]

    _get_argument_expression_list = _get_array_literal_expression

    def _get_hash_literal_expression(self, node, scope):
        table = Record()
        body = node.child("hash_literal_body")
        for entry in body.children if body else []:
            key, value = entry.children
            name = key.text if key.type == "simple_name" else text(self.value(key, scope))
            table.set(name, single(self.run(value, scope)) if value.type.endswith("_statement") else
                      self.value(value, scope))
        return table

    def _get_script_block_expression(self, node, scope):
        return Script(node.child("script_block"))

    def _get_expression_with_unary_operator(self, node, scope):
        sign = "".join(node.marks)
        return operators.unary(sign, self.value(node.children[0], scope))

    def _get_cast_expression(self, node, scope):
        kind, value = node.children
        return members.cast(kind.text.strip("[]").lower(), self.value(value, scope))

    def _get_type_literal(self, node, scope):
        return StaticType(node.text[1:-1])

    def _get_element_access(self, node, scope):
        owner, index = (self.value(child, scope) for child in node.children)
        if isinstance(owner, list):
            place = number(index)
            return owner[place] if -len(owner) <= place < len(owner) else None
        if isinstance(owner, Record):
            return owner.get(text(index))
        raise Refused(f"an element of {type(owner).__name__}")

    def _member(self, node, scope):
        owner, name = node.children[0], node.children[1]
        return self.value(owner, scope), name.text.lower()

    def _get_member_access(self, node, scope):
        owner, name = self._member(node, scope)
        return members.get(owner, name, self.session)

    def _get_invokation_expression(self, node, scope):
        owner, name = self._member(node, scope)
        arguments = node.child("argument_list")
        listed = arguments.child("argument_expression_list") if arguments else None
        values = [self.value(c, scope) for c in listed.children] if listed else []
        return members.call(owner, name, values, self.session)
