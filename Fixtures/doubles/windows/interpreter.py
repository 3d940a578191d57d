"""Runs a parsed script against a host's model. What isn't here is refused."""

import members
import operators
from expressions import Expressions
from values import ErrorValue, Record, Refused, Thrown, number, sequence, single, text, truth


class Exit(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class _Return(Exception):
    pass


class Scope:
    """Variables. What a script block sets is its own; it sees those around it."""

    def __init__(self, outer=None, **own):
        self.outer, self.own = outer, dict(own)

    def get(self, name):
        scope = self
        while scope is not None:
            if name in scope.own:
                return scope.own[name]
            scope = scope.outer
        return None


class Interpreter(Expressions):
    def __init__(self, session):
        """`session`: what the script can reach, `host`, and `write` for its standard output."""
        self.session = session

    # Statements

    def run(self, node, scope):
        """Everything that the statements put out."""
        out = []
        self._statements(node, scope, out)
        return out

    def _statements(self, node, scope, out):
        if node.type in ("program", "statement_list", "script_block", "script_block_body", "statement_block"):
            for child in node.children:
                if child.type != "param_block":
                    self._statements(child, scope, out)
            return
        handler = getattr(self, "_do_" + node.type, None)
        if handler:
            handler(node, scope, out)
        else:
            out.extend(sequence(self.value(node, scope)))

    def _do_if_statement(self, node, scope, out):
        parts = node.children
        condition, block = parts[0], parts[1]
        if truth(self.value(condition, scope)):
            return self._statements(block, scope, out)
        for part in parts[2:]:
            if part.type == "elseif_clauses":
                for clause in part.children:
                    test, then = clause.children
                    if truth(self.value(test, scope)):
                        return self._statements(then, scope, out)
            elif part.type == "else_clause":
                return self._statements(part.children[0], scope, out)
            else:
                raise Refused(f"{part.type} in an if")
        return None

    def _do_foreach_statement(self, node, scope, out):
        variable, items, block = node.children
        for item in sequence(self.value(items, scope)):
            self._assign(variable, item, scope)
            try:
                self._statements(block, scope, out)
            except _Continue:
                continue
            except _Break:
                break

    def _do_while_statement(self, node, scope, out):
        condition, block = node.children
        while truth(self.value(condition.children[0], scope)):
            self.session.breathe()
            try:
                self._statements(block, scope, out)
            except _Continue:
                continue
            except _Break:
                break

    def _do_try_statement(self, node, scope, out):
        block = node.children[0]
        catches = node.child("catch_clauses")
        finally_clause = node.child("finally_clause")
        try:
            try:
                self._statements(block, scope, out)
            except Thrown as thrown:
                if catches is None:
                    raise
                clause, = catches.children
                if clause.child("catch_type_list"):
                    raise Refused("a catch of a type") from thrown
                scope.own["_"] = Record({"Exception": thrown.error})
                self._statements(clause.child("statement_block"), scope, out)
        finally:
            if finally_clause is not None:
                self._statements(finally_clause.children[0], scope, out)

    def _do_flow_control_statement(self, node, scope, out):
        word = node.marks[0]
        values = [self.value(child, scope) for child in node.children]
        value = values[0] if values else None
        if word == "exit":
            raise Exit(number(value) if values else 0)
        if word == "return":
            out.extend(sequence(value))
            raise _Return
        if word == "throw":
            raise Thrown(ErrorValue(text(value) if values else "ScriptHalted"))
        if word in ("break", "continue"):
            raise _Break if word == "break" else _Continue
        raise Refused(word)

    def _do_assignment_expression(self, node, scope, out):
        target, value = node.children[0], node.children[-1]
        sign = next((c.text.decode() for c in node.raw.children if c.type == "assignement_operator"), "=")
        new = single(self.run(value, scope)) if value.type.endswith("_statement") else self.value(value, scope)
        if sign == "+=":
            new = operators.binary("+", self.value(target, scope), new)
        elif sign != "=":
            raise Refused(f"the assignment {sign}")
        self._assign(target, new, scope)

    def _assign(self, target, value, scope):
        if target.type == "variable":
            scope.own[target.text.lstrip("$").lower()] = value
        elif target.type == "member_access":
            owner, name = self._member(target, scope)
            members.assign(owner, name, value)
        else:
            raise Refused(f"assigning to {target.text}")

    # Script blocks

    def call(self, script, arguments, scope):
        """In a scope of its own, as `&` does."""
        own = Scope(scope)
        block = script.node.child("param_block")
        names = [] if block is None else [
            p.text.lstrip("$").lower() for p in block.children[0].children for p in self._variables(p)]
        if len(arguments) > len(names):
            raise Refused("more arguments than parameters")
        for name, value in zip(names, arguments + [None] * len(names)):
            own.own[name] = value
        return self.outputs(script.node, own)

    def _variables(self, parameter):
        if parameter.type == "variable":
            return [parameter]
        found = [c for c in parameter.children if c.type == "variable"]
        if len(found) != 1 or len(parameter.children) != 1:
            raise Refused(f"the parameter {parameter.text}")
        return found

    def each(self, script, item, scope):
        """For one item of a pipeline: in the scope around it, with `$_`."""
        return self.outputs(script.node, scope, item)

    def outputs(self, node, scope, item=None):
        kept = scope.own.get("_")
        scope.own["_"] = item if item is not None else kept
        out = []
        try:
            self._statements(node, scope, out)
        except _Return:
            pass
        finally:
            scope.own["_"] = kept
        return out
