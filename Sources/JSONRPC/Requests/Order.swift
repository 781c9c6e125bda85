/// What a request must wait for: it starts after every earlier request that changes something it changes or uses.
///
/// Resources are named by their methods, as `key:payables`. A name that ends in `*` (`profile:*`) stands for every
/// resource that starts with what precedes it.
package struct Order: Sendable, Equatable {
  package var changes: [String]
  package var uses: [String]

  /// Waits for nothing and lets nothing wait.
  package static let concurrent = Order()

  package init(changes: [String] = [], uses: [String] = []) {
    self.changes = changes
    self.uses = uses
  }

  /// Whether the two names may mean one resource. Compares bytes: a prefix of characters is not a prefix of bytes.
  static func conflict(_ left: String, _ right: String) -> Bool {
    switch (isPattern(left), isPattern(right)) {
    case (false, false): left == right
    case (true, false): right.utf8.starts(with: left.utf8.dropLast())
    case (false, true): left.utf8.starts(with: right.utf8.dropLast())
    case (true, true):
      left.utf8.dropLast().starts(with: right.utf8.dropLast())
        || right.utf8.dropLast().starts(with: left.utf8.dropLast())
    }
  }

  static func isPattern(_ name: String) -> Bool { name.utf8.last == UInt8(ascii: "*") }
}
