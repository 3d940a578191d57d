"""Files of a host's model: bytes by their paths, whatever their case; and those on shares, where others see them too."""

import os

import places
from values import ErrorValue, Refused, Thrown, number


class File:
    def __init__(self, path, data):
        self.path, self.data = path, data

    @property
    def text(self):
        """As .NET reads it: by its byte order mark, and else as UTF-8."""
        if self.data.startswith(b"\xff\xfe"):
            return self.data[2:].decode("utf-16-le")
        return self.data.decode("utf-8-sig")

    def ps_get(self, name):
        if name == "length":
            return len(self.data)
        if name == "fullname":
            return self.path
        raise Refused(f"a file's {name}")


def key(path):
    return path.replace("/", "\\").lower()


def is_there(host, path):
    if found := places.share(host, path):
        return os.path.isfile(places.real(found, path))
    return key(path) in host.files


def find(host, path):
    if not is_there(host, path):
        raise Thrown(ErrorValue(f"Cannot find path '{path}' because it does not exist.",
                                "System.Management.Automation.ItemNotFoundException"))
    if found := places.share(host, path):
        with open(places.real(found, path), "rb") as file:
            return File(path, file.read())
    return host.files[key(path)]


def write(host, path, data):
    with host.effect(f"file.write:{path}"):
        _put(host, path, data)


def _put(host, path, data):
    if found := places.share(host, path):
        with open(places.real(found, path), "wb") as file:
            file.write(data)
    else:
        host.files[key(path)] = File(path, data)


def _remove(host, path):
    if found := places.share(host, path):
        os.remove(places.real(found, path))
    else:
        del host.files[key(path)]


def replace(host, new, path, backup):
    """The new one takes the place of the old, which is kept: one effect."""
    source, target = find(host, new), find(host, path)
    with host.effect(f"file.replace:{path}"):
        _put(host, backup, target.data)
        _put(host, target.path, source.data)
        _remove(host, new)


def delete(host, path):
    """As Delete(): one that isn't there is none, a directory that isn't there is an error."""
    if is_there(host, path):
        with host.effect(f"file.delete:{path}"):
            _remove(host, path)
    elif not places.is_directory(host, path.rpartition("\\")[0]):
        raise places.missing(path)


def move(host, path, target):
    if not is_there(host, path):
        raise places.missing(path, "file")
    if is_there(host, target):
        raise places.io_error("Cannot create a file when that file already exists.")
    with host.effect(f"file.move:{target}"):
        _put(host, target, find(host, path).data)
        _remove(host, path)


class Stream:
    """A file that is written for the first time: what was written is there when it is flushed to the disk."""

    def __init__(self, host, path):
        self.host, self.path, self.data = host, path, b""

    def ps_call(self, name, arguments):
        if name == "write" and isinstance(arguments[0], bytes):
            start, length = number(arguments[1]), number(arguments[2])
            self.data += arguments[0][start:start + length]
        elif name == "flush" and arguments == [True]:
            write(self.host, self.path, self.data)
        elif name != "dispose" or arguments:
            raise Refused(f"a stream's {name}()")


def create(host, path):
    """One that is there already is an error: `FileMode.CreateNew`."""
    if is_there(host, path):
        raise places.io_error(f"The file '{path}' already exists.", native=0x80070050)
    if not places.is_directory(host, path.rpartition("\\")[0]):
        raise places.missing(path)
    with host.effect(f"file.create:{path}"):
        _put(host, path, b"")
    return Stream(host, path)
