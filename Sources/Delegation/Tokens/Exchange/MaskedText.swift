/// Text that comes piece by piece, with a mark in place of what it repeats of a credential, also where it is cut within.
///
/// Only an end that may go on as the credential is held back until it is known how it goes on.
struct MaskedText {
  private static let pieceLength = SentCredentials.pieceLength
  /// Fewer bytes than that at an end are told: they occur in any text, and a credential has hundreds.
  private static let suspiciousLength = 4

  private let credentials: SentCredentials
  /// One bit for each two bytes that stand together in a credential.
  private let pairs: [UInt64]
  /// The last bytes that came; what has not been told yet stands at their end.
  private var recent: [UInt8] = []
  /// How much of `recent` has been told or masked.
  private var told = 0
  /// Where in `recent` the last repetition ends.
  private var maskedEnd = 0

  init(_ credentials: SentCredentials) {
    self.credentials = credentials
    var pairs = [UInt64](repeating: 0, count: (1 << 16) / UInt64.bitWidth)
    for piece in credentials.pieces {
      for shift in stride(from: 0, through: UInt128.bitWidth - 16, by: 8) {
        let pair = UInt16(truncatingIfNeeded: piece >> UInt128(shift))
        pairs[Int(pair >> 6)] |= 1 << UInt64(pair & 63)
      }
    }
    self.pairs = pairs
  }

  /// What may be told now.
  mutating func append(_ text: String) -> String {
    recent += text.utf8
    var output: [UInt8] = []
    credentials.eachRepetition(in: recent) { piece in
      if piece.lowerBound >= maskedEnd {
        output += recent[told..<max(told, piece.lowerBound)] + SentCredentials.mark
      }
      maskedEnd = piece.upperBound
      told = max(told, piece.upperBound)
    }
    let end = max(told, recent.count - suspiciousEnd)
    output += recent[told..<end]
    told = end
    forget()
    return String(decoding: output, as: UTF8.self)
  }

  /// What was held back, when nothing comes any more.
  mutating func finish() -> String {
    defer { (recent, told, maskedEnd) = ([], 0, 0) }
    return String(decoding: recent[told...], as: UTF8.self)
  }

  /// How many of the last bytes are those that a piece begins with.
  private var suspiciousEnd: Int {
    let longest = min(recent.count, Self.pieceLength - 1)
    guard longest >= Self.suspiciousLength else { return 0 }
    let end = recent.suffix(longest).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    let pair = UInt16(truncatingIfNeeded: end)
    guard pairs[Int(pair >> 6)] & 1 << UInt64(pair & 63) != 0 else { return 0 }
    return (Self.suspiciousLength...longest).last { beginsPiece($0, of: end) } ?? 0
  }

  /// Whether the last bytes of `end`, so many, begin a piece.
  private func beginsPiece(_ count: Int, of end: UInt128) -> Bool {
    let bits = UInt128(count * 8)
    let wanted = end & (1 << bits - 1)
    return credentials.pieces.contains { $0 >> (UInt128(UInt128.bitWidth) - bits) == wanted }
  }

  /// What came before cannot be part of a repetition any more.
  private mutating func forget() {
    let surplus = max(0, recent.count - (Self.pieceLength - 1))
    recent.removeFirst(surplus)
    told -= surplus
    maskedEnd = max(0, maskedEnd - surplus)
  }
}
