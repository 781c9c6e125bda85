import JSON
import TestSupport
import Testing

@testable import Delegation

struct JSONWebKeySetTests {
  /// As it is printed in a tutorial of Oracle's, with numbers of full length.
  static func oracleKey(_ fill: UInt8 = 0xc1, _ changes: (name: String, value: JSONValue?)...) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("kty", "RSA"), .init("x5t#S256", "88znNYlxUTU"), .init("e", "AQAB"), .init("x5t", "IRbmlD-hR3X5vYxfkSu3"),
      .init("kid", "SIGNING_KEY"), .init("x5c", ["MIIDXz", "MIIDdD"]), .init("key_ops", ["encrypt", "sign"]),
      .init("alg", "RS256"), .init("n", modulus(fill)),
    ]
    for (name, value) in changes {
      members.removeAll { $0.name == name }
      if let value { members.append(.init(name, value)) }
    }
    return .object(members)
  }

  static func modulus(_ fill: UInt8 = 0xc1, bytes: Int = 256) -> JSONValue {
    .string(Base64.encode([UInt8](repeating: fill, count: bytes), as: .url))
  }

  static func set(_ keys: JSONValue...) -> String {
    String(decoding: JSONValue.object([.init("keys", .array(keys))]).serialized(), as: UTF8.self)
  }

  private func parse(_ text: String) throws -> JSONWebKeySet { try JSONWebKeySet(parsing: Array(text.utf8)) }

  @Test func readsWhatOracleShows() throws {
    let set = try parse(Self.set(Self.oracleKey()))
    #expect(set.ignoredCount == 0)
    #expect(set.keys.map(\.id) == [Array("SIGNING_KEY".utf8)])
    #expect(set.keys.first?.numbers.bits == 2048)
    #expect(set.keys.first?.numbers.exponent == [1, 0, 1])
  }

  @Test(
    arguments: [
      Self.oracleKey(0xc1, ("use", "sig")), Self.oracleKey(0xc1, ("alg", nil)), Self.oracleKey(0xc1, ("kid", nil)),
      Self.oracleKey(0xc1, ("key_ops", nil), ("x5c", nil)), Self.oracleKey(0xc1, ("n", Self.modulus(bytes: 1024))),
      Self.oracleKey(0xc1, ("e", "Aw")), Self.oracleKey(0xc1, ("e", "_____w")), Self.oracleKey(0xc1, ("x5u", [:])),
      Self.oracleKey(0xc1, ("d", "AQAB")),
    ]
  )
  func takes(_ key: JSONValue) throws { #expect(try parse(Self.set(key)).keys.count == 1) }

  /// RFC 7517 section 5: what is not understood counts as not there, and the others count all the same.
  @Test(
    arguments: [
      "SIGNING_KEY", 17, nil, [], [:],
      Self.oracleKey(0xc1, ("kty", "EC")), Self.oracleKey(0xc1, ("kty", "rsa")), Self.oracleKey(0xc1, ("kty", nil)),
      Self.oracleKey(0xc1, ("kty", "oct"), ("k", "c2VjcmV0")), Self.oracleKey(0xc1, ("use", "enc")),
      Self.oracleKey(0xc1, ("use", nil as JSONValue?), ("use", ["sig"])), Self.oracleKey(0xc1, ("alg", "HS256")),
      Self.oracleKey(0xc1, ("alg", "RSA-OAEP")), Self.oracleKey(0xc1, ("kid", 1)),
      Self.oracleKey(0xc1, ("n", nil)), Self.oracleKey(0xc1, ("e", nil)), Self.oracleKey(0xc1, ("e", 65_537)),
      Self.oracleKey(0xc1, ("e", "AQ")), Self.oracleKey(0xc1, ("e", "Ag")), Self.oracleKey(0xc1, ("e", "")),
      Self.oracleKey(0xc1, ("e", "AQAA")), Self.oracleKey(0xc1, ("e", "AQAAAAE")), Self.oracleKey(0xc1, ("e", "AQAB=")),
      Self.oracleKey(0xc1, ("e", "AQ AB")), Self.oracleKey(0xc1, ("n", Self.modulus(bytes: 255))),
      Self.oracleKey(0xc1, ("n", Self.modulus(bytes: 1025))), Self.oracleKey(0xc0), Self.oracleKey(0xc1, ("n", "")),
      Self.oracleKey(0xc1, ("n", .string(String(repeating: "+", count: 344)))),
    ] as [JSONValue]
  )
  func ignores(_ key: JSONValue) throws {
    let set = try parse(Self.set(key, Self.oracleKey(0xc3)))
    #expect(set.ignoredCount == 1)
    #expect(set.keys.map(\.numbers.modulus.first) == [0xc3])
  }

  @Test func aKeyThatSaysSomethingTwiceIsIgnored() throws {
    let text = Self.set(Self.oracleKey(0xc1)).replacing(#""e":"AQAB""#, with: #""e":"AQAB","e":"Aw""#)
    #expect(try parse(text).ignoredCount == 1)
  }

  /// Those of one name are all tried: Oracle calls each key SIGNING_KEY, the old one and the new.
  @Test func keysAreFoundByName() throws {
    let set = try parse(
      Self.set(
        Self.oracleKey(0xc1),
        Self.oracleKey(0xc3),
        Self.oracleKey(0xc5, ("kid", "other")),
        Self.oracleKey(0xc7, ("kid", nil))
      )
    )
    func found(_ name: JSONValue?) -> [UInt8] { set.keys(named: name).compactMap(\.numbers.modulus.first) }
    #expect(found("SIGNING_KEY") == [0xc1, 0xc3, 0xc7])
    #expect(found("other") == [0xc5, 0xc7])
    #expect(found("signing_key") == [0xc7])
    #expect(found(nil) == [0xc1, 0xc3, 0xc5, 0xc7])
    #expect(found(17).isEmpty)
  }

  @Test(
    arguments: [
      ("", "signing keys that are not JSON"), ("<html>", "signing keys that are not JSON"),
      (#"{"keys":[]"#, "signing keys that are not JSON"), ("[]", "an answer that is no set of signing keys"),
      ("{}", "an answer that is no set of signing keys"), (#"{"keys":{}}"#, "an answer that is no set of signing keys"),
      (#"{"keys":[],"keys":[]}"#, "an answer that is no set of signing keys"),
      (#"{"keys":"# + String(repeating: "[", count: 20), "signing keys that are not JSON"),
    ]
  )
  func refuses(_ text: String, found: String) {
    do {
      _ = try JSONWebKeySet(parsing: Array(text.utf8))
      Issue.record("\(text) was taken")
    } catch { #expect(error.found == found) }
  }

  @Test func isBounded() throws {
    let keys = [JSONValue](repeating: Self.oracleKey(), count: JSONWebKeySet.maximumCount)
    func text(_ keys: [JSONValue]) -> [UInt8] { JSONValue.object([.init("keys", .array(keys))]).serialized() }
    #expect(try JSONWebKeySet(parsing: text(keys)).keys.count == 32)
    #expect(throws: NetworkFailure.Malformed.self) { try JSONWebKeySet(parsing: text(keys + [nil])) }
    let spaces = [UInt8](repeating: 0x20, count: JSONWebKeySet.maximumBytes - text([]).count)
    #expect(try JSONWebKeySet(parsing: text([]) + spaces).keys.isEmpty)
    #expect(throws: NetworkFailure.Malformed.self) { try JSONWebKeySet(parsing: text([]) + spaces + [0x20]) }
  }

  /// Whatever bytes are changed, cut out or doubled: a set within bounds, or none.
  @Test(arguments: 0..<20) func whatIsDamagedStaysWithinBounds(seed: Int) {
    var random = SeededRandom(seed)
    let good = Array(Self.set(Self.oracleKey(0xc1), Self.oracleKey(0xc3, ("kid", nil))).utf8)
    let pieces = [#""e":"AQAB""#, "[", "]", "{", "}", "\"", ",", "AAAA", "null", #"\u0000"#, "=", "-1e999"].map {
      Array($0.utf8)
    }
    for _ in 0..<500 {
      var text = good
      for _ in 0...random.next(4) {
        let place = random.next(text.count)
        switch random.next(3) {
        case 0: text[place] = UInt8(random.next(256))
        case 1: text.removeSubrange(place..<min(text.count, place + 1 + random.next(40)))
        default: text.insert(contentsOf: pieces[random.next(pieces.count)], at: place)
        }
        if text.isEmpty { break }
      }
      guard let set = try? JSONWebKeySet(parsing: text) else { continue }
      #expect(set.keys.count + set.ignoredCount <= JSONWebKeySet.maximumCount)
      for key in set.keys {
        #expect(VerificationKey.acceptedBits.contains(key.numbers.bits))
        #expect((1...4).contains(key.numbers.exponent.count))
      }
    }
  }
}
