/// What an agent says piece by piece, as its caller is told it: masked, and each piece with its place in the whole.
struct ToldText {
  /// Told in one go; the position counts Unicode scalars, which are the same in every language that has code points.
  struct Piece: Equatable {
    let delta: String
    let offset: Int
  }

  /// A longer text is not put together from pieces.
  static let maximumBytes = 8 << 20
  /// A longer piece is told in several: each must fit into a message, however it is escaped there.
  private static let maximumScalars = 16_384

  /// All that was told.
  private(set) var text = ""
  private var offset = 0
  private var masking: MaskedText

  init(masking credentials: SentCredentials) { masking = MaskedText(credentials) }

  /// What of it is to be told now.
  mutating func take(_ delta: String) throws(EventTooLarge) -> [Piece] {
    guard text.utf8.count + delta.utf8.count <= Self.maximumBytes else { throw EventTooLarge(limit: Self.maximumBytes) }
    return pieces(of: masking.append(delta))
  }

  /// What was held back, when nothing comes any more.
  mutating func finish() -> [Piece] { pieces(of: masking.finish()) }

  /// What is still to be told of the whole, or nil when that does not begin with what was told.
  mutating func rest(of whole: String) -> [Piece]? {
    guard whole.utf8.starts(with: text.utf8) else { return nil }
    return pieces(of: String(decoding: whole.utf8.dropFirst(text.utf8.count), as: UTF8.self))
  }

  private mutating func pieces(of told: String) -> [Piece] {
    text += told
    var rest = told.unicodeScalars[...]
    var pieces: [Piece] = []
    while !rest.isEmpty {
      let head = rest.prefix(Self.maximumScalars)
      pieces.append(Piece(delta: String(head), offset: offset))
      offset += head.count
      rest = rest[head.endIndex...]
    }
    return pieces
  }
}
