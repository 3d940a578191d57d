import Runbook

// Our scripts on what a Windows host sees of others.

extension WindowsLook {
  /// Whatever keeps a name from being found, it has no address.
  static let addressesText = #"""
    param($p)
    $found = @()
    try {
      $found = @([Net.Dns]::GetHostAddresses($p.name) | ForEach-Object { $_.IPAddressToString })
    } catch {
      $found = @()
    }
    return @{ addresses = $found }
    """#

  /// Connects, says nothing and hangs up. 10061: refused.
  static let connectionText = #"""
    param($p)
    $answer = 'silent'
    $client = New-Object Net.Sockets.TcpClient
    try {
      if ($client.ConnectAsync($p.name, $p.port).Wait($p.milliseconds)) { $answer = 'open' }
    } catch {
      $answer = 'failed'
      if ($_.Exception.GetBaseException().NativeErrorCode -eq 10061) { $answer = 'refused' }
    } finally {
      $client.Close()
    }
    return $answer
    """#
}
