"""What a host sees of others: names, and ports that answer."""

from values import ErrorValue, Record, Refused, Thrown, number, text

_REFUSED, _NO_SUCH_HOST = 10061, 11001


def _socket_error(message, native):
    cause = ErrorValue(message, "System.Net.Sockets.SocketException", native)
    return Thrown(ErrorValue(f"Exception calling a method: {message}", "System.Management.Automation.MethodInvocationException",
                             inner=cause))


def addresses(host, name):
    """As GetHostAddresses() finds them."""
    found = host.names.get(name.lower())
    if not found:
        raise _socket_error("No such host is known", _NO_SUCH_HOST)
    return [Record({"IPAddressToString": address}) for address in found]


class Client:
    """`System.Net.Sockets.TcpClient`. What answers is told by the model: `open`, `refused`, or nothing at all."""

    def __init__(self, host):
        self.host = host

    def ps_call(self, name, arguments):
        if name == "connectasync" and len(arguments) == 2:
            return _Attempt(self.host, text(arguments[0]), number(arguments[1]))
        if name == "close" and not arguments:
            return None
        raise Refused(f"a client's {name}()")


class _Attempt:
    def __init__(self, host, name, port):
        self.host, self.name, self.port = host, name, port

    def ps_call(self, name, arguments):
        if name != "wait" or len(arguments) != 1 or number(arguments[0]) <= 0:
            raise Refused(f"an attempt's {name}()")
        addresses(self.host, self.name)
        answer = self.host.ports.get(f"{self.name.lower()}:{self.port}")
        if answer == "refused":
            raise _socket_error("No connection could be made because the target machine actively refused it", _REFUSED)
        return answer == "open"
