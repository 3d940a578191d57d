import Runbook

// Our scripts on directories and the files in them.

extension WindowsLook {
  /// Space is asked of a FileSystemObject, which knows it of drives and of shares; nothing else that comes with Windows does
  /// without compiling. Who may write is read from the access list: the first rule that speaks of it decides. 0x50000002:
  /// to create files, or everything that writes; rules with the flag 2 are for what is made inside.
  static let directoryText = #"""
    param($p)
    $files = New-Object -ComObject Scripting.FileSystemObject
    $name = $files.GetDriveName($p.path)
    $drive = $files.GetDrive($name)
    if ($drive.DriveType -eq 3 -and $name -like '?:') {
      throw ($name + ' is a share that somebody mapped: write the share itself, as \\server\share')
    }
    $kind = 'missing'
    try {
      $kind = 'file'
      if (([int][IO.File]::GetAttributes($p.path) -band 16) -ne 0) { $kind = 'directory' }
    } catch {
      $cause = $_.Exception.GetBaseException()
      $absences = @('System.IO.FileNotFoundException', 'System.IO.DirectoryNotFoundException')
      if ($cause.GetType().FullName -notin $absences) { throw $cause.Message }
      $kind = 'missing'
    }
    $report = @{
      kind = $kind
      file_system = $name + ' ' + $drive.FileSystem
      free_bytes = [long]$drive.AvailableSpace
    }
    if ($kind -eq 'directory') {
      $access = Get-Acl -LiteralPath $p.path
      $account = [Security.Principal.WindowsIdentity]::GetCurrent()
      $own = @($account.User.Value) + @($account.Groups | ForEach-Object { $_.Value })
      $writable = $false
      foreach ($rule in $access.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
        if ($rule.IdentityReference.Value -in $own -and
          ([int]$rule.PropagationFlags -band 2) -eq 0 -and
          ([int]$rule.FileSystemRights -band 0x50000002) -ne 0) {
          $writable = $rule.AccessControlType -eq 'Allow'
          break
        }
      }
      $report.owner = $access.Owner
      $report.writable = $writable
    }
    return $report
    """#
}

extension WindowsChange {
  /// And those above it; one that is there is left as it is.
  static let makeDirectoryText = #"""
    param($p)
    $made = [IO.Directory]::CreateDirectory($p.path)
    return @{}
    """#

  static let createFileText = #"""
    param($p)
    $bytes = [Convert]::FromBase64String($p.contents)
    $stream = [IO.File]::Open($p.path, [IO.FileMode]::CreateNew)
    try {
      $stream.Write($bytes, 0, $bytes.Length)
      $stream.Flush($true)
    } finally {
      $stream.Dispose()
    }
    return @{}
    """#

  /// One that isn't there is deleted.
  static let deleteFileText = #"""
    param($p)
    [IO.File]::Delete($p.path)
    return @{}
    """#

  /// For a moment there is none: whoever reads never sees half of one.
  static let moveFileText = #"""
    param($p)
    [IO.File]::Delete($p.to)
    [IO.File]::Move($p.path, $p.to)
    return @{}
    """#
}
