import Synchronization

/// Remembers a digest of each profile until the profile changes: every call for a token needs it.
package final class ProfileDigests: Sendable {
  private static let maximumCount = 1000

  private let known = Mutex<[String: (profile: Profile, digest: [UInt8])]>([:])

  package init() {}

  package func digest(of profile: Profile, by compute: () -> [UInt8]) -> [UInt8] {
    if let known = known.withLock({ $0[profile.name] }), known.profile == profile { return known.digest }
    let digest = compute()
    known.withLock { known in
      if known.count >= Self.maximumCount { known = [:] }
      known[profile.name] = (profile, digest)
    }
    return digest
  }
}
