import Runbook

import struct Foundation.Data

/// What a scheduled task of ours runs: PowerShell with one script, which never differs but for its data, in base64. It tells
/// how it went by its exit code: nothing of it is left on the host.
enum ServiceTask {
  /// Of PowerShell.
  static func arguments(_ parameters: [String: Value]) -> String {
    let data = Data(Value.mapping(parameters).json.utf8).base64EncodedString()
    let script = "$data = '\(data)'\n" + text
    let encoded = Data(script.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
      .base64EncodedString()
    return "-NoProfile -NonInteractive -EncodedCommand \(encoded)"
  }

  /// 1: the file holds something else. Windows' own number when something can't be done.
  static let text = #"""
    $ErrorActionPreference = 'Stop'
    $code = 0
    try {
      $p = ConvertFrom-Json ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($data)))
      if ($p.work -eq 'write') {
        $bytes = [Convert]::FromBase64String($p.contents)
        $stream = [IO.File]::Open($p.path, [IO.FileMode]::CreateNew)
        try {
          $stream.Write($bytes, 0, $bytes.Length)
          $stream.Flush($true)
        } finally {
          $stream.Dispose()
        }
      } elseif ($p.work -eq 'compare') {
        $seen = [Convert]::ToBase64String([IO.File]::ReadAllBytes($p.path))
        if ($seen -cne $p.contents) { $code = 1 }
      } elseif ($p.work -eq 'remove') {
        [IO.File]::Delete($p.path)
      } else {
        $code = 2
      }
    } catch {
      $code = $_.Exception.GetBaseException().HResult
    }
    exit $code
    """#
}

extension WindowsChange {
  /// Without a trigger a task never runs by itself. 267009, 267011, 267045: it runs, has not run yet, is queued.
  static let runTaskText = #"""
    param($p)
    $ConfirmPreference = 'None'
    foreach ($left in @(Get-ScheduledTask | Where-Object { $_.TaskName -eq $p.name })) {
      Unregister-ScheduledTask -InputObject $left
    }
    $principal = New-ScheduledTaskPrincipal -UserId $p.account -LogonType $p.logon
    $program = '%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe'
    $action = New-ScheduledTaskAction -Execute $program -Argument $p.arguments
    $limit = New-TimeSpan -Seconds $p.seconds
    $settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit $limit
    $result = 267011
    try {
      $task = Register-ScheduledTask -TaskName $p.name -Action $action -Principal $principal -Settings $settings
      Start-ScheduledTask -InputObject $task
      $looks = 0
      while ($result -in @(267009, 267011, 267045)) {
        if ($looks -ge $p.looks) { throw 'the task did not end in time' }
        $looks += 1
        Start-Sleep -Milliseconds $p.milliseconds
        $result = [long](Get-ScheduledTaskInfo -InputObject $task).LastTaskResult
      }
    } finally {
      foreach ($left in @(Get-ScheduledTask | Where-Object { $_.TaskName -eq $p.name })) {
        Stop-ScheduledTask -InputObject $left
        Unregister-ScheduledTask -InputObject $left
      }
    }
    return @{ result = $result }
    """#
}
