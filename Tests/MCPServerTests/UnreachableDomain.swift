import Delegation
import OpenSSLKeys
import TestSupport

extension Domain {
  /// A domain of which no server and no profile is there.
  static func unreachable(_ commandLine: Policy) -> Domain {
    let audit = InMemoryAudit(digests: OpenSSLDigests())
    return Domain(
      ports: Ports(
        store: MemoryStore(),
        keys: OpenSSLSigningKeys(),
        digests: OpenSSLDigests(),
        signatures: OpenSSLSignatureVerification(),
        http: ScriptedHTTP(),
        probe: ScriptedProbe(),
        profileFile: InMemoryGuardedFile("/config.json"),
        policyFile: nil,
        audit: audit,
        auditArchive: audit,
        wallClock: FixedWallClock(),
        clock: ManualClock(),
        random: CountingRandomness()
      ),
      commandLine: commandLine,
      kind: { _ in "x" },
      explain: { _ in ("", "") }
    )
  }
}
