/// The revisions of MCP that are spoken.
package enum Revision: String, Sendable, CaseIterable {
  case june2025 = "2025-06-18"
  case november2025 = "2025-11-25"
  case july2026 = "2026-07-28"

  /// Without a handshake: each request says which revision it is of, and what its client can do.
  var isStateless: Bool { self == .july2026 }

  /// What a request may name in its `_meta`, the newest first.
  static let stateless = allCases.filter(\.isStateless).reversed().map(\.self)

  /// The revision that a session is held in after `initialize`: the one asked for, else our newest that has a handshake.
  static func negotiated(with asked: String) -> Revision {
    let known = Revision(rawValue: asked).flatMap { $0.isStateless ? nil : $0 }
    return known ?? .november2025
  }
}
