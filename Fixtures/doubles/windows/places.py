"""Drives, shares and directories of a host's model, and who may write there."""

import os

import files
from values import ErrorValue, Record, Refused, Thrown, text

# As FileSystemObject numbers them.
FIXED, NETWORK = 2, 3
_FULL_CONTROL = 2032127
_DIRECTORY, _ARCHIVE = 16, 32
# Who the scripts run as: its own number, and its groups'.
USER = "S-1-5-21-1-2-3-1001"
GROUPS = ["S-1-1-0", "S-1-5-11", "S-1-5-32-545"]


class Drive:
    def __init__(self, name, free=10 << 30, kind=FIXED, file_system="NTFS"):
        self.name, self.free, self.kind, self.file_system = name, free, kind, file_system

    def ps_get(self, name):
        if name == "drivetype":
            return self.kind
        if name == "availablespace":
            return float(self.free)
        if name == "filesystem":
            return self.file_system
        raise Refused(f"a drive's {name}")


class Share(Drive):
    """A share of some file server: a directory of the machine that the double runs on, so that others see it too.

    `denied`: a session may not use its account there, as at the second hop. `closed_to`: neither may tasks of these
    accounts."""

    def __init__(self, name, directory, free=10 << 30, denied=False, closed_to=()):
        super().__init__(name, free, NETWORK)
        self.directory, self.denied, self.closed_to = directory, denied, closed_to


class Directory:
    def __init__(self, path, owner="BUILTIN\\Administrators", access=None, closed=False):
        self.path, self.owner, self.closed = path, owner, closed
        self.access = access if access is not None else [{"sid": USER}]

    def ps_get(self, name):
        if name == "owner":
            return self.owner
        raise Refused(f"an access list's {name}")

    def ps_call(self, name, arguments):
        if name == "getaccessrules" and arguments[:2] == [True, True]:
            return [Record({
                "IdentityReference": Record({"Value": rule["sid"]}), "FileSystemRights": rule.get("rights", _FULL_CONTROL),
                "AccessControlType": rule.get("type", "Allow"), "PropagationFlags": rule.get("propagation", 0),
            }) for rule in self.access]
        raise Refused(f"an access list's {name}()")


def io_error(message, kind="System.IO.IOException", native=None):
    return Thrown(ErrorValue(f"Exception calling a method: {message}", "System.Management.Automation.MethodInvocationException",
                             inner=ErrorValue(message, kind, hresult=native)))


def missing(path, what="directory"):
    kind = "System.IO.DirectoryNotFoundException" if what == "directory" else "System.IO.FileNotFoundException"
    return io_error(f"Could not find a part of the path '{path}'.", kind)


def denied(path):
    return io_error(f"Access to the path '{path}' is denied.", "System.UnauthorizedAccessException")


def drive_name(path):
    """`C:`, or `\\\\server\\share`: as GetDriveName() says it."""
    if path.startswith("\\\\"):
        parts = path[2:].split("\\")
        return "\\\\" + "\\".join(parts[:2]) if len(parts) > 1 and all(parts[:2]) else ""
    return path[:2] if path[1:2] == ":" else ""


def share(host, path):
    """The share that a path is on; nil for a drive's."""
    if not path.startswith("\\\\"):
        return None
    found = host.shares.get(drive_name(path).lower())
    if found is None:
        raise io_error("The network path was not found.", native=0x80070035)
    if found.denied if host.account is None else host.account in found.closed_to:
        raise denied(path)
    return found


def real(found, path):
    parts = path[len(found.name):].strip("\\").split("\\")
    if ".." in parts or "/" in path:
        raise Refused(f"the path {path}")
    return os.path.join(found.directory, *[part for part in parts if part])


def is_directory(host, path):
    if found := share(host, path):
        return os.path.isdir(real(found, path))
    name = files.key(path).rstrip("\\")
    return name in host.drives or any(
        other == name or other.startswith(name + "\\") for other in list(host.directories) + list(
            files.key(f.path).rpartition("\\")[0] for f in host.files.values()))


def attributes(host, path):
    if (directory := host.directories.get(files.key(path))) and directory.closed:
        raise denied(path)
    if is_directory(host, path):
        return _DIRECTORY
    if files.is_there(host, path):
        return _ARCHIVE
    raise missing(path, "file" if is_directory(host, path.rpartition("\\")[0]) else "directory")


def make(host, path):
    """And those above it, as CreateDirectory() does."""
    if is_directory(host, path):
        return
    if files.is_there(host, path):
        raise io_error(f"Cannot create \"{path}\" because a file or directory with the same name already exists.")
    if drive_name(path).lower() not in {**host.drives, **host.shares}:
        raise missing(path)
    with host.effect(f"directory.make:{path}"):
        if found := share(host, path):
            os.makedirs(real(found, path))
            return
        parts = path.split("\\")
        for depth in range(2, len(parts) + 1):
            part = "\\".join(parts[:depth])
            if not is_directory(host, part):
                host.directories[files.key(part)] = Directory(part)


def access(host, path):
    """As Get-Acl gives it."""
    if not is_directory(host, path):
        raise missing(path)
    return host.directories.get(files.key(path).rstrip("\\")) or Directory(path)


class FileSystemObject:
    """`Scripting.FileSystemObject`"""

    def __init__(self, host):
        self.host = host

    def ps_call(self, name, arguments):
        path = text(arguments[0])
        if name == "getdrivename":
            return drive_name(path)
        if name == "getdrive":
            found = self.host.drives.get(path.lower()) or share(self.host, path)
            if found is None:
                raise io_error("Device unavailable", "System.Runtime.InteropServices.COMException")
            return found
        raise Refused(f"a file system object's {name}()")


class Identity:
    """`[Security.Principal.WindowsIdentity]`"""

    def ps_get(self, name):
        if name == "user":
            return Record({"Value": USER})
        if name == "groups":
            return [Record({"Value": group}) for group in GROUPS]
        raise Refused(f"an identity's {name}")
