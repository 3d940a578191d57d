import Runbook

// Our scripts on private queues of MSMQ, by its own module.

extension WindowsLook {
  static let queuesText = #"""
    param($p)
    $reports = @(foreach ($name in $p.queues) {
      $found = @(Get-MsmqQueue -Name $name -QueueType Private)
      if ($found.Count -eq 0) {
        @{ missing = $true }
      } else {
        $entries = @(Get-MsmqQueueACL -InputObject $found | ForEach-Object {
          if ($null -eq $_.Access -or $null -eq $_.Right) {
            throw 'the module MSMQ shows access lists otherwise than is known'
          }
          @{ account = [string]$_.AccountName; access = [string]$_.Access; rights = [int]$_.Right }
        })
        @{ entries = $entries }
      }
    })
    return @{ queues = $reports }
    """#
}

extension WindowsChange {
  /// What the account's entry allows already stays.
  static let allowSendingText = #"""
    param($p)
    $ConfirmPreference = 'None'
    $found = @(Get-MsmqQueue -Name $p.queue -QueueType Private)
    if ($found.Count -ne 1) { throw 'there is no such queue' }
    $changed = Set-MsmqQueueACL -InputObject $found -UserName $p.account -Allow WriteMessage
    return @{}
    """#

  static let revokeSendingText = #"""
    param($p)
    $ConfirmPreference = 'None'
    $found = @(Get-MsmqQueue -Name $p.queue -QueueType Private)
    if ($found.Count -ne 1) { throw 'there is no such queue' }
    $changed = Set-MsmqQueueACL -InputObject $found -UserName $p.account -Remove WriteMessage
    return @{}
    """#
}
