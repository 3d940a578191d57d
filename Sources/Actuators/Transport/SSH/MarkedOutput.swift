import CPlatform

/// Cuts what a shell writes into one piece a command. After each, the shell writes a mark that no command can know, the
/// command's exit code and a newline.
struct MarkedOutput {
  struct Piece: Sendable {
    var text = CutText()
    var exitCode = 0
  }

  private let mark: [UInt8]
  private var piece = Piece()
  private var pending: [UInt8] = []

  init(mark: String) { self.mark = Array(mark.utf8) }

  /// What came after the last mark.
  var rest: String {
    var text = piece.text
    text.append(pending)
    return text.text
  }

  /// Takes what was read, and returns the pieces that it completes.
  mutating func take(_ bytes: some Collection<UInt8>) -> [Piece] {
    pending += bytes
    var pieces: [Piece] = []
    while let start = markStart() {
      guard let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) else {
        moveToPiece(start)
        return pieces
      }
      moveToPiece(start)
      let number = String(decoding: pending[mark.count..<(end - start)], as: UTF8.self)
      piece.exitCode = Int(number) ?? 0
      pending.removeFirst(end - start + 1)
      pieces.append(piece)
      piece = Piece()
    }
    // The last bytes may be the beginning of a mark.
    moveToPiece(max(0, pending.count - mark.count + 1))
    return pieces
  }

  private mutating func moveToPiece(_ count: Int) {
    piece.text.append(pending.prefix(count))
    pending.removeFirst(count)
  }

  private func markStart() -> Int? {
    pending.withUnsafeBytes { pending in
      mark.withUnsafeBytes { mark in
        memmem(pending.baseAddress, pending.count, mark.baseAddress, mark.count)
          .map { UnsafeRawPointer($0) - pending.baseAddress! }
      }
    }
  }
}
