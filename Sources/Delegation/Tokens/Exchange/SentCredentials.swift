import JSON

/// The credentials of one request, to be found again in its answer: a server may repeat what it was sent in an error, a
/// header or an identifier, and those go on to the caller, the log and the audit.
struct SentCredentials {
  /// So many bytes in a row. Shorter credentials are not recognized, nor those that the server spells in another way.
  static let pieceLength = UInt128.bitWidth / 8
  static let mark = Array("[masked]".utf8)
  private(set) var pieces: Set<UInt128> = []
  /// One bit for each two bytes that a piece ends in: they alone pass over nearly all of an answer, which may be long.
  private var endings = [UInt64](repeating: 0, count: (1 << 16) / UInt64.bitWidth)

  /// Of a JWT only the signature is looked for. It makes the credential; header and claims are alike in many.
  init(jwts: [String]) {
    for jwt in jwts { add(jwt.utf8.reversed().prefix { $0 != UInt8(ascii: ".") }.reversed()) }
  }

  /// The value of an `Authorization` header of RFC 7617, and the secret in it.
  mutating func add(basic value: String) {
    add(value.utf8)
    guard let pair = Base64.decode(value.utf8.dropFirst("Basic ".utf8.count), as: .standard),
      let colon = pair.firstIndex(of: UInt8(ascii: ":"))
    else { return }
    let secret = pair[(colon + 1)...]
    add(secret)
    add(JSONValue.string(String(decoding: secret, as: UTF8.self)).serialized().dropFirst().dropLast())
  }

  /// The answer with a mark in place of every piece.
  func masked(_ response: HTTPResponse) -> HTTPResponse {
    HTTPResponse(
      status: response.status,
      headers: response.headers.map { ($0.name, String(decoding: masked(Array($0.value.utf8)), as: UTF8.self)) },
      body: masked(response.body),
      date: response.date
    )
  }

  /// The failure with a mark in what it quotes of a token: its claims are spelled in base64url, so nothing was recognized
  /// before they were read.
  func masked(_ failure: TokenFailure) -> TokenFailure {
    switch failure {
    case .wrongUser(let found): .wrongUser(found: masked(found))
    case .wrongScope(let found): .wrongScope(found: masked(found))
    case .withoutLife(let found): .withoutLife(found: masked(found))
    case .refused, .noClientSecret, .clockTooFar, .heldBack, .noneInMemory: failure
    }
  }

  /// Whether a token says a piece of them: whoever may look at its claims would have it.
  func areRepeated(in token: String) -> Bool {
    guard let jwt = JWT(decoding: token) else { return false }
    let said = jwt.header.serialized() + jwt.claims.serialized()
    return masked(said) != said
  }

  private func masked(_ text: String) -> String { String(decoding: masked(Array(text.utf8)), as: UTF8.self) }

  private mutating func add(_ credential: some Collection<UInt8>) {
    Self.eachPiece(of: credential) { piece, _ in
      pieces.insert(piece)
      let (word, bit) = Self.place(of: piece)
      endings[word] |= bit
    }
  }

  func masked(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var done = 0
    eachRepetition(in: bytes) { piece in
      if piece.lowerBound >= done { output += bytes[done..<piece.lowerBound] + Self.mark }
      done = piece.upperBound
    }
    return output + bytes[done...]
  }

  /// Every piece that the bytes repeat, in order. Those of a longer repetition overlap.
  func eachRepetition(in bytes: [UInt8], _ body: (Range<Int>) -> Void) {
    Self.eachPiece(of: bytes) { piece, end in
      let (word, bit) = Self.place(of: piece)
      guard endings[word] & bit != 0, pieces.contains(piece) else { return }
      body(end - Self.pieceLength..<end)
    }
  }

  private static func place(of piece: UInt128) -> (word: Int, bit: UInt64) {
    let ending = UInt16(truncatingIfNeeded: piece)
    return (Int(ending >> 6), 1 << UInt64(ending & 63))
  }

  /// Every run of that length, and how many bytes stand before its end.
  private static func eachPiece(of bytes: some Collection<UInt8>, _ body: (UInt128, Int) -> Void) {
    var piece: UInt128 = 0
    for (offset, byte) in bytes.enumerated() {
      piece = piece << 8 | UInt128(byte)
      if offset + 1 >= pieceLength { body(piece, offset + 1) }
    }
  }
}
