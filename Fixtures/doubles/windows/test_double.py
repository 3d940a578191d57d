"""What the double keeps of Windows, and what it refuses."""

import base64
import json
import tempfile
import unittest

import session
import syntax
from host import Host
from values import Refused


def line(script):
    return ("powershell -NoProfile -NonInteractive -EncodedCommand "
            + base64.b64encode(script.encode("utf-16-le")).decode())


class Case(unittest.TestCase):
    def setUp(self):
        self.host = Host("dr")

    def run_script(self, script, text=""):
        return session.run(self.host, line(script), lambda: text.encode())

    def value(self, expression):
        result = self.run_script(f"[Console]::Out.WriteLine((ConvertTo-Json @{{ v = {expression} }} -Compress -Depth 5))")
        self.assertEqual(result.code, 0, result.error)
        return json.loads(result.output)["v"]


class Language(Case):
    def test_expressions(self):
        for expression, value in [
            ("'it''s'", "it's"), ("'a' + 1", "a1"), ("@('a', 'b') -join ', '", "a, b"), ("'ABC' -eq 'abc'", True),
            ("'a' -ceq 'A'", False), ("@(1, 2, 3 | Where-Object { $_ -gt 1 })", [2, 3]), ("@('x').Count", 1),
            ("@{ A = 1 }.a", 1), ("-not $null", True), ("'{0}-{1}' -f 'a', 2", "a-2"), ("[string]7", "7"),
            ("$null -eq 'x'", False), ("@('a', 'b') -contains 'B'", True), ("'<&'", "<&"),
        ]:
            with self.subTest(expression):
                self.assertEqual(self.value(expression), value)

    def test_statements(self):
        script = """
        $sum = 0
        foreach ($n in @(1, 2, 3, 4)) { if ($n -eq 3) { continue } elseif ($n -eq 4) { break } else { $sum += $n } }
        try { throw 'no' } catch { $sum = $sum + 10 } finally { $sum += 100 }
        exit $sum
        """
        self.assertEqual(self.run_script(script).code, 113)

    def test_a_block_has_a_scope_of_its_own(self):
        script = "$a = 1; $b = & ([ScriptBlock]::Create('param($x) $a = 2; return $x')) 5; exit ($a * 10 + $b)"
        self.assertEqual(self.run_script(script).code, 15)

    def test_input_comes_by_lines(self):
        result = self.run_script("[Console]::Out.WriteLine((-join @($input)))", "ab\r\ncd\n")
        self.assertEqual(result.output, "abcd\r\n")

    def test_an_uncaught_error_is_clixml_and_ends_with_1(self):
        result = self.run_script("throw 'a < b'")
        self.assertEqual(result.code, 1)
        self.assertTrue(result.error.startswith("#< CLIXML"))
        self.assertIn("a &lt; b_x000D__x000A_", result.error)

    def test_noise_comes_with_exit_code_0(self):
        result = self.run_script("$a = 1")
        self.assertEqual(result.code, 0)
        self.assertIn("progress", result.error)

    def test_what_it_does_not_know_is_refused_and_cant_be_caught(self):
        for script in [
            "Remove-Item -Path x", "New-Object -ComObject WScript.Shell", "& 'cmd.exe'", "Invoke-Expression 'x'", "$env:PATH", '"a$b"', "[IO.File]::Encrypt('x')",
            "Get-CimInstance -ClassName Win32_Process", "Set-Service -Name a -Whatever b", "Start-Process x",
            "[ServiceProcess.ServiceController]::GetServices()", "Stop-Process -Id 1", "'a'.Frobnicate()", "if (", "$a ??= 1",
        ]:
            with self.subTest(script):
                result = self.run_script(f"try {{ {script} }} catch {{ exit 0 }}")
                self.assertEqual(result.code, 98)
                self.assertIn("can't interpret", result.error)
                self.assertEqual(result.output, "")

    def test_commands_are_found_wherever_they_stand(self):
        found = syntax.commands("if ($a) { Get-X | Where-Object { Stop-Y } }; [Convert]::F(1); $s.Stop(); & $b")
        for name in ["Get-X", "Stop-Y", "[Convert]::F", ".Stop", "&"]:
            self.assertIn(name, found)


class CommandLine(Case):
    def test_words(self):
        self.assertEqual(session.words('a "b c" d^&e "f&g"'), ["a", "b c", "d&e", "f&g"])
        for bad in ["a & b", "a | b", "a > b", 'a "b', "a %PATH%", "a (b", "a\nb"]:
            with self.subTest(bad), self.assertRaises(Refused):
                session.words(bad)

    def test_too_long_a_line(self):
        result = session.run(self.host, line("#" * 4000), lambda: b"")
        self.assertIn("too long", result.error)

    def test_another_program(self):
        self.assertEqual(session.run(self.host, "date", lambda: b"").code, 9009)


class Services(Case):
    CONTROLLER = """Add-Type -AssemblyName System.ServiceProcess
    $s = [ServiceProcess.ServiceController]::GetServices() | Where-Object { $_.ServiceName -eq '%s' }
    try { $s.%s() } catch { exit $_.Exception.GetBaseException().NativeErrorCode }
    exit 0"""

    def control(self, name, verb):
        return self.run_script(self.CONTROLLER % (name, verb)).code

    def state(self, name):
        return next(s for s in self.host.dump()["services"] if s["name"] == name)

    def set(self, *services):
        self.host.set({"services": list(services)})

    def test_stopping_stops_those_that_depend_on_it_first(self):
        self.set({"name": "a", "state": "Running"}, {"name": "b", "state": "Running", "depends_on": ["a"]},
                 {"name": "c", "state": "Running", "depends_on": ["b"]})
        self.assertEqual(self.control("a", "Stop"), 0)
        self.assertEqual(self.host.effects, ["service.stop:c", "service.stop:b", "service.stop:a"])

    def test_starting_starts_what_it_depends_on(self):
        self.set({"name": "a"}, {"name": "b", "depends_on": ["a"]})
        self.assertEqual(self.control("b", "Start"), 0)
        self.assertEqual(self.host.effects, ["service.start:a", "service.start:b"])

    def test_refusals_have_their_numbers(self):
        self.set({"name": "off", "start_type": "disabled"}, {"name": "on", "state": "Running"}, {"name": "down"},
                 {"name": "stuck", "state": "StopPending"}, {"name": "needs", "depends_on": ["off"]},
                 {"name": "logon", "starts": "refuses", "error_code": 1069})
        for name, verb, number in [("off", "Start", 1058), ("on", "Start", 1056), ("down", "Stop", 1062),
                                   ("stuck", "Stop", 1061), ("needs", "Start", 1068), ("logon", "Start", 1069)]:
            with self.subTest(name):
                self.assertEqual(self.control(name, verb), number)

    def test_a_killed_service_comes_back_unless_it_is_disabled(self):
        for start_type, state in [("automatic", "Running"), ("disabled", "Stopped")]:
            with self.subTest(start_type):
                self.set({"name": "a", "state": "Running", "pid": 500, "recovery": ["restart 1000"],
                          "start_type": start_type})
                self.run_script("Stop-Process -Id 500 -Force")
                self.assertEqual(self.state("a")["state"], state)

    def test_a_reboot_starts_what_is_automatic(self):
        self.set({"name": "a"}, {"name": "b", "start_type": "disabled", "state": "Running"}, {"name": "c", "start_type": "manual"})
        self.host.reboot()
        self.assertEqual([self.state(n)["state"] for n in "abc"], ["Running", "Stopped", "Stopped"])

    def test_what_hangs_stays_pending(self):
        self.set({"name": "a", "state": "Running", "stops": "hangs"})
        self.control("a", "Stop")
        self.assertEqual(self.state("a")["state"], "StopPending")

    def test_a_fault_strikes_before_or_after_the_effect(self):
        for when, state in [("before", "Running"), ("after", "Stopped")]:
            with self.subTest(when):
                self.set({"name": "a", "state": "Running"})
                self.host.set({"faults": [{"at": "service.stop:*", "when": when, "kind": "cut"}]})
                with self.assertRaises(session.Cut):
                    self.control("a", "Stop")
                self.assertEqual(self.state("a")["state"], state)


class Places(Case):
    MESSAGE = "try { %s; exit 0 } catch { [Console]::Out.Write($_.Exception.GetBaseException().GetType().FullName); exit 1 }"

    def outcome(self, statement):
        result = self.run_script(self.MESSAGE % statement)
        return result.output or result.code

    def test_directories_and_files_are_there_or_not(self):
        self.host.set({"files": {"C:\\a\\f": "x"}})
        for path, attributes in [("C:\\", 16), ("c:\\A", 16), ("C:\\a\\F", 32)]:
            with self.subTest(path):
                self.assertEqual(self.value(f"[IO.File]::GetAttributes('{path}')"), attributes)
        for path, kind in [("C:\\a\\g", "FileNotFound"), ("C:\\b\\g", "DirectoryNotFound"), ("\\\\s\\x\\g", "IO")]:
            with self.subTest(path):
                self.assertEqual(self.outcome(f"[IO.File]::GetAttributes('{path}')"), f"System.IO.{kind}Exception")

    def test_directories_are_made_with_those_above(self):
        self.assertEqual(self.outcome("[IO.Directory]::CreateDirectory('C:\\a\\b')"), 0)
        self.assertEqual(list(self.host.directories), ["c:\\a", "c:\\a\\b"])
        self.assertEqual(self.outcome("[IO.Directory]::CreateDirectory('Z:\\a')"), "System.IO.DirectoryNotFoundException")

    def test_a_new_file_is_written_only_where_none_is(self):
        write = ("$s = [IO.File]::Open('C:\\f', [IO.FileMode]::CreateNew); try { $s.Write([Convert]::FromBase64String('YQ=='), 0, 1);"
                 " $s.Flush($true) } finally { $s.Dispose() }")
        self.assertEqual(self.outcome(write), 0)
        self.assertEqual(self.host.dump()["files"], {"C:\\f": "a"})
        self.assertEqual(self.outcome(write), "System.IO.IOException")
        self.assertEqual(self.outcome("[IO.File]::Move('C:\\f', 'C:\\g'); [IO.File]::Delete('C:\\f')"), 0)
        self.assertEqual(self.outcome("[IO.File]::Delete('C:\\no\\f')"), "System.IO.DirectoryNotFoundException")
        self.assertEqual(self.host.dump()["files"], {"C:\\g": "a"})

    def test_two_hosts_see_a_share_where_its_directory_is_one(self):
        with tempfile.TemporaryDirectory() as directory:
            other = Host("production")
            for host in (self.host, other):
                host.set({"shares": {"\\\\files\\logs": {"directory": directory, "free": 5}}})
            self.outcome("[IO.File]::WriteAllBytes('\\\\files\\logs\\f', [Convert]::FromBase64String('YQ=='))")
            self.host = other
            self.assertEqual(self.value("[IO.File]::ReadAllText('\\\\FILES\\logs\\f')"), "a")
            drive = "(New-Object -ComObject Scripting.FileSystemObject).GetDrive('\\\\files\\logs')"
            self.assertEqual(self.value(f"[long]{drive}.AvailableSpace"), 5)

    def test_a_share_may_be_denied_to_a_session(self):
        self.host.set({"shares": {"\\\\files\\logs": {"directory": "/", "denied": True}}})
        self.assertEqual(self.outcome("[IO.File]::GetAttributes('\\\\files\\logs')"), "System.UnauthorizedAccessException")

    def test_names_and_ports_are_those_of_the_model(self):
        self.host.set({"names": {"Other": ["192.0.2.1"]}, "ports": {"other:1": "open", "OTHER:2": "refused"}})
        self.assertEqual(self.value("@([Net.Dns]::GetHostAddresses('other') | ForEach-Object { $_.IPAddressToString })"), ["192.0.2.1"])
        self.assertEqual(self.outcome("[Net.Dns]::GetHostAddresses('nobody')"), "System.Net.Sockets.SocketException")
        connect = "[Console]::Out.Write((New-Object Net.Sockets.TcpClient).ConnectAsync('other', %d).Wait(9))"
        self.assertEqual(self.outcome(connect % 1), "True")
        self.assertEqual(self.outcome(connect % 3), "False")
        self.assertEqual(self.outcome(connect % 2), "System.Net.Sockets.SocketException")

    def test_queues_have_access_lists(self):
        count = "@(Get-MsmqQueue -Name 'Q' -QueueType Private).Count"
        self.assertEqual(self.outcome(count), "System.Management.Automation.CommandNotFoundException")
        self.host.set({"queues": {"q": [{"account": "Everyone", "access": "Allow", "rights": 4}]}, "accounts": ["D\\H$"]})
        self.assertEqual(self.value(count), 1)
        self.assertEqual(self.value("@(Get-MsmqQueue -Name 'none' -QueueType Private).Count"), 0)
        change = ("$ConfirmPreference = 'None'; $q = @(Get-MsmqQueue -Name 'q' -QueueType Private);"
                  " $done = Set-MsmqQueueACL -InputObject $q -UserName '%s' -%s WriteMessage")
        for _ in range(2):
            self.assertEqual(self.outcome(change % ("d\\h$", "Allow")), 0)
        self.assertEqual(self.host.dump()["queues"]["q"][1:], [{"account": "d\\h$", "access": "Allow", "rights": 4}])
        self.assertEqual(self.outcome(change % ("D\\H$", "Remove")), 0)
        self.assertEqual(len(self.host.dump()["queues"]["q"]), 1)
        self.assertEqual(self.outcome(change % ("D\\none", "Allow")), "System.Security.Principal.IdentityNotMappedException")

    def task(self, script, account="S-1-5-18", logon="ServiceAccount"):
        encoded = base64.b64encode(script.encode("utf-16-le")).decode()
        return self.outcome(
            f"$p = New-ScheduledTaskPrincipal -UserId '{account}' -LogonType '{logon}';"
            " $a = New-ScheduledTaskAction -Execute '%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'"
            f" -Argument '-NoProfile -NonInteractive -EncodedCommand {encoded}';"
            " $s = New-ScheduledTaskSettingsSet -ExecutionTimeLimit (New-TimeSpan -Seconds 9); $ConfirmPreference = 'None';"
            " $t = Register-ScheduledTask -TaskName 'T' -Action $a -Principal $p -Settings $s; Start-ScheduledTask -InputObject $t;"
            " $r = (Get-ScheduledTaskInfo -InputObject $t).LastTaskResult;"
            " foreach ($x in @(Get-ScheduledTask)) { Unregister-ScheduledTask -InputObject $x }; [Console]::Out.Write($r)")

    def test_a_task_runs_under_its_account_and_ends_with_a_code(self):
        self.assertEqual(self.task("exit 7"), "7")
        with tempfile.TemporaryDirectory() as directory:
            share = {"directory": directory, "denied": True, "closed_to": ["S-1-5-20"]}
            self.host.set({"shares": {"\\\\files\\logs": share}, "accounts": ["D\\g$"]})
            look = ("try { $b = [IO.File]::ReadAllBytes('\\\\files\\logs\\x'); exit 0 }"
                    " catch { exit $_.Exception.GetBaseException().HResult }")
            self.assertEqual(self.task(look), str(0x80070002))
            self.assertEqual(self.task(look, "D\\g$", "Password"), str(0x80070002))
            self.assertEqual(self.task(look, "S-1-5-20"), str(0x80070005))
        self.assertEqual(self.task("exit 0", "D\\nobody", "Password"), "Microsoft.Management.Infrastructure.CimException")
        self.assertEqual(self.host.dump()["tasks"], [])

    def test_a_task_that_hangs_runs_until_it_is_stopped(self):
        self.host.set({"tasks_hang": True})
        self.assertEqual(self.task("exit 0"), "267009")


if __name__ == "__main__":
    unittest.main()
