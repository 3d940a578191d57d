import Runbook

// What our scripts say. They are fixed texts for Windows PowerShell 5.1: what they work on comes as data, in `$p`. A test
// parses each by the language's grammar, and holds those that look to commands that change nothing.

extension WindowsLook {
  var text: String {
    switch self {
    case .services: Self.servicesText
    case .clock: Self.clockText
    case .version: Self.versionText
    case .file: Self.fileText
    case .bytes: Self.bytesText
    case .directory: Self.directoryText
    case .addresses: Self.addressesText
    case .connection: Self.connectionText
    case .queues: Self.queuesText
    }
  }

  private static let servicesText = #"""
    param($p)
    Add-Type -AssemblyName System.ServiceProcess
    $controllers = [ServiceProcess.ServiceController]::GetServices()
    $instances = @(Get-CimInstance -ClassName Win32_Service)
    $reports = @(foreach ($name in $p.services) {
      $service = $instances | Where-Object { $_.Name -eq $name }
      if (-not $service) {
        @{ missing = $true }
      } else {
        $controller = $controllers | Where-Object { $_.ServiceName -eq $name }
        $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\' + $service.Name
        $actions = [Microsoft.Win32.Registry]::GetValue($key, 'FailureActions', $null)
        $recovery = ''
        if ($actions) { $recovery = [Convert]::ToBase64String($actions) }
        @{
          state = $service.State
          start_type = $service.StartMode
          exit_code = $service.ExitCode
          process = $service.ProcessId
          recovery = $recovery
          account = $service.StartName
          dependants = @($controller.DependentServices | Where-Object { $_.Status -ne 'Stopped' } |
            ForEach-Object { $_.ServiceName })
        }
      }
    })
    return @{ reports = $reports }
    """#

  private static let clockText = #"""
    param($p)
    return [string]([DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds() / 1000)
    """#

  private static let versionText = #"""
    param($p)
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    return $system.Caption + ' ' + $system.Version
    """#

  private static let fileText = #"""
    param($p)
    $item = Get-Item -LiteralPath $p.path -Force
    if ($item.Length -gt $p.limit) { throw 'it is too large' }
    return [IO.File]::ReadAllText($item.FullName)
    """#

  private static let bytesText = #"""
    param($p)
    $item = Get-Item -LiteralPath $p.path -Force
    if ($item.Length -gt $p.limit) { throw 'it is too large' }
    return [Convert]::ToBase64String([IO.File]::ReadAllBytes($item.FullName))
    """#
}

extension WindowsChange {
  var text: String {
    switch self {
    case .setStartType: Self.setStartTypeText
    case .startService: Self.startServiceText
    case .stopService: Self.stopServiceText
    case .killService: Self.killServiceText
    case .replaceFile: Self.replaceFileText
    case .makeDirectory: Self.makeDirectoryText
    case .createFile: Self.createFileText
    case .deleteFile: Self.deleteFileText
    case .moveFile: Self.moveFileText
    case .allowSending: Self.allowSendingText
    case .revokeSending: Self.revokeSendingText
    case .runTask: Self.runTaskText
    }
  }

  private static let setStartTypeText = #"""
    param($p)
    foreach ($name in $p.services) { Set-Service -Name $name -StartupType $p.start_type }
    return @{}
    """#

  // Starting and stopping are asked for, and not waited for: who asked looks.

  private static let startServiceText = #"""
    param($p)
    Add-Type -AssemblyName System.ServiceProcess
    $service = [ServiceProcess.ServiceController]::GetServices() |
      Where-Object { $_.ServiceName -eq $p.service }
    if (-not $service) { throw 'there is no such service' }
    if ($service.Status -ne 'Running' -and $service.Status -ne 'StartPending') { $service.Start() }
    return @{}
    """#

  /// Services that depend on it stop first: .NET sees to that.
  private static let stopServiceText = #"""
    param($p)
    Add-Type -AssemblyName System.ServiceProcess
    $service = [ServiceProcess.ServiceController]::GetServices() |
      Where-Object { $_.ServiceName -eq $p.service }
    if (-not $service) { throw 'there is no such service' }
    if ($service.Status -ne 'Stopped' -and $service.Status -ne 'StopPending') { $service.Stop() }
    return @{}
    """#

  /// Replace() is one step for whoever reads the file, and keeps its permissions.
  private static let replaceFileText = #"""
    param($p)
    $bytes = [IO.File]::ReadAllBytes($p.path)
    if ([Convert]::ToBase64String($bytes) -cne $p.before) {
      throw 'somebody has changed it since it was read'
    }
    [IO.File]::WriteAllBytes($p.new, [Convert]::FromBase64String($p.after))
    [IO.File]::Replace($p.new, $p.path, $p.backup)
    return @{}
    """#

  /// A process that other services live in, too, is left alone.
  private static let killServiceText = #"""
    param($p)
    $instances = @(Get-CimInstance -ClassName Win32_Service)
    $service = $instances | Where-Object { $_.Name -eq $p.service }
    if (-not $service) { throw 'there is no such service' }
    if ($service.ProcessId -ne 0) {
      $others = @($instances | Where-Object {
        $_.ProcessId -eq $service.ProcessId -and $_.Name -ne $p.service } |
        ForEach-Object { $_.Name })
      if ($others.Count -gt 0) {
        throw ('its process is also that of ' + ($others -join ', ') + ', and was not killed')
      }
      Stop-Process -Id $service.ProcessId -Force
    }
    return @{}
    """#
}
