import Foundation
import Glibc
import SystemPackage

/// Holds packets back for a while. The kernel here has no such queue of its own (netem), so
/// the router sends packets to be delayed into a device of this program's, which gives each back
/// when its time has come, in the order of their times.
struct DelayLine {
  private let device: FileDescriptor
  private let signals: SignalPipe
  private let lab: MachineLab
  private var delays: [Delay] = []
  private var held: [(due: Int64, packet: [UInt8])] = []

  /// As much as a good line carries in a second or two; more is lost, as in a router.
  private static let capacity = 20_000

  private struct Delay {
    let from: AddressRange
    let to: AddressRange
    let milliseconds: Int64
  }

  /// Makes the device; `tuntap` of Linux' documentation has the numbers.
  static func openDevice() throws -> FileDescriptor {
    let device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard device >= 0 else { throw LabError.systemCall("open", on: "/dev/net/tun") }
    let setInterface: UInt = 0x4004_54ca
    let tunWithoutHeader: UInt16 = 0x1001
    var request = [UInt8](repeating: 0, count: 40)
    request.replaceSubrange(
      0..<PacketFilter.delayDevice.utf8.count, with: PacketFilter.delayDevice.utf8)
    withUnsafeBytes(of: tunWithoutHeader) { request.replaceSubrange(16..<18, with: $0) }
    guard request.withUnsafeMutableBytes({ ioctl(device, setInterface, $0.baseAddress!) }) == 0
    else { throw LabError.systemCall("TUNSETIFF", on: "/dev/net/tun") }
    return FileDescriptor(rawValue: device)
  }

  init(device: FileDescriptor, signals: SignalPipe, lab: MachineLab) throws {
    self.device = device
    self.signals = signals
    self.lab = lab
    try load()
  }

  mutating func run() throws {
    while true {
      let wait = held.first.map { Int32(clamping: max(0, $0.due - Clock.uptimeMilliseconds)) }
      var entries = [device, signals.reader].map {
        pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0)
      }
      poll(&entries, UInt(entries.count), wait ?? -1)
      if entries[1].revents != 0, try signals.read().contains(SIGHUP) { try load() }
      if entries[0].revents != 0 { takeIn() }
      giveBack()
    }
  }

  private mutating func load() throws {
    delays = try LabFaults.read(lab).network.compactMap { fault in
      guard case .delay(let milliseconds) = fault.kind else { return nil }
      return Delay(
        from: try AddressRange(NetworkEnd(fault.from, lab).addresses),
        to: try AddressRange(NetworkEnd(fault.to, lab).addresses), milliseconds: milliseconds)
    }
  }

  private mutating func takeIn() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(device.rawValue, &buffer, buffer.count)
      guard count > 0 else { return }
      guard held.count < Self.capacity else { continue }
      hold(Array(buffer[..<count]))
    }
  }

  private mutating func hold(_ packet: [UInt8]) {
    // Source and destination stand at fixed places of every IPv4 packet; nothing else comes here.
    guard packet.count >= 20, packet[0] >> 4 == 4 else { return }
    let from = AddressRange.address(packet[12..<16])
    let to = AddressRange.address(packet[16..<20])
    let delay = delays.filter { $0.from.contains(from) && $0.to.contains(to) }
      .map(\.milliseconds).max()
    let due = Clock.uptimeMilliseconds + (delay ?? 0)
    let place = (held.lastIndex { $0.due <= due } ?? -1) + 1
    held.insert((due, packet), at: place)
  }

  private mutating func giveBack() {
    let now = Clock.uptimeMilliseconds
    let ready = held.prefix { $0.due <= now }
    for (_, packet) in ready {
      // A packet that the kernel does not take is lost, as packets are.
      _ = write(device.rawValue, packet, packet.count)
    }
    held.removeFirst(ready.count)
  }
}

/// An IPv4 address or subnet.
struct AddressRange {
  private let network: UInt32
  private let mask: UInt32

  /// Reads `10.20.1.0/24` or `10.20.1.11`.
  init(_ text: String) throws {
    let parts = text.split(separator: "/")
    let numbers = parts[0].split(separator: ".").compactMap { UInt8($0) }
    guard numbers.count == 4, let bits = parts.count > 1 ? UInt32(parts[1]) : 32, bits <= 32 else {
      throw LabError(.failed, "\(text): is no IPv4 address or subnet")
    }
    mask = bits == 0 ? 0 : ~UInt32(0) << (32 - bits)
    network = Self.address(numbers[...]) & mask
  }

  func contains(_ address: UInt32) -> Bool { address & mask == network }

  static func address(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }
}
