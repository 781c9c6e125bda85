import Delegation
import Foundation
import TestSupport
import Testing

struct KeyRingTests {
  @Test func aHandleThatNobodyUsesIsDropped() async throws {
    let bench = try await Bench()
    _ = try await bench.ring.open("payables", idle: .seconds(10), deadline: .now)
    #expect(bench.ring.openCount == 1)
    await bench.clock.sleepers(atLeast: 1)
    bench.clock.advance(by: .seconds(11))
    while bench.ring.openCount > 0 { await Task.yield() }
  }

  @Test func aForgottenKeyIsReadAgain() async throws {
    let bench = try await Bench()
    _ = try await bench.ring.open("payables", deadline: .now)
    _ = bench.store.delete(SecretItem(.key, "payables"), deadline: .now)
    _ = try await bench.ring.open("payables", deadline: .now)
    bench.ring.forget("payables")
    await #expect(throws: Failure.key(.notFound(alias: "payables"))) {
      try await bench.ring.open("payables", deadline: .now)
    }
  }

  @Test func anItemThatIsNotOursIsUnreadable() async throws {
    let bench = try await Bench()
    try bench.store.write(
      SecretItem(.key, "strange"),
      secret: SecretBytes(copying: Array("hello".utf8)),
      publicAttributes: [:],
      replacing: false,
      deadline: .now
    )
    do {
      _ = try await bench.ring.open("strange", deadline: .now)
      Issue.record("opened")
    } catch Failure.key(.material(.unreadable, let alias)) {
      #expect(alias == "strange")
    }
  }
}

struct KeyItemTests {
  private let item = KeyItem(
    alias: "payables",
    origin: .generated,
    createdAt: UnixTime(seconds: 1_700_000_000),
    binding: Samples.binding,
    certificateDER: Array("certificate".utf8)
  )
  private let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"

  private func text(_ secret: borrowing SecretBytes) -> String {
    secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func isHeaderLinesThenKeyThenCertificate() throws {
    let stored = item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8)))
    #expect(
      text(stored) == """
        OnBehalf-Key: 1
        Alias: payables
        Origin: generated
        Created: 2023-11-14T22:13:20Z
        Identity-Domain: https://idcs-1.identity.oraclecloud.com
        Client-Id: client-1

        -----BEGIN PRIVATE KEY-----
        AAAA
        -----END PRIVATE KEY-----
        -----BEGIN CERTIFICATE-----
        Y2VydGlmaWNhdGU=
        -----END CERTIFICATE-----

        """
    )
    #expect(try KeyItem(parsing: stored, alias: "payables") == item)
  }

  @Test func aNewHeaderLeavesTheKeyAsItIs() throws {
    var unbound = item
    unbound.binding = nil
    let before = unbound.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8)))
    let after = item.replacingHeader(of: before)
    #expect(text(after) == text(item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8)))))
  }

  @Test(arguments: [
    ("OnBehalf-Key: 1", "OnBehalf-Key: 2"),
    ("Alias: payables", "Alias: other"),
    ("Alias: payables", "Alias payables"),
    ("Alias: payables", "Alias: payables\nAlias: payables"),
    ("Alias: payables", "Alias: payables\nUses: 7"),
    ("Origin: generated", "Origin: found"),
    ("Created: 2023-11-14T22:13:20Z", "Created: yesterday"),
    ("Client-Id: client-1\n", ""),
    ("BEGIN CERTIFICATE", "BEGIN CERT"),
    ("Y2VydGlmaWNhdGU=", "Y2Vyd!"),
  ])
  func everyChangeIsRefused(_ from: String, _ to: String) throws {
    let stored = text(item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8))))
    let start = try #require(stored.range(of: from))
    let changed = stored.replacingCharacters(in: start, with: to)
    #expect(throws: KeyFailure.self) {
      try KeyItem(parsing: SecretBytes(copying: Array(changed.utf8)), alias: "payables")
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let stored = text(item.serialized(privateKeyPEM: SecretBytes(copying: Array(pem.utf8))))
    for length in 0..<(stored.utf8.count - 1) {
      #expect(throws: KeyFailure.self) {
        try KeyItem(parsing: SecretBytes(copying: Array(stored.utf8.prefix(length))), alias: "payables")
      }
    }
  }
}
