import Glibc

/// `no_proxy`: the hosts that are reached directly, as libcurl reads the list.
///
/// Decided here and not by libcurl, so that what is told of the way to a host is the way that is taken.
struct ProxyExceptions {
  private let entries: [Substring]
  private let isAll: Bool

  init(_ list: String) {
    entries = list.split { $0 == "," || $0 == " " || $0 == "\t" }
    isAll = list == "*"
  }

  /// - Parameter host: in lower case; an IPv6 address without its brackets.
  func contain(_ host: String) -> Bool {
    if isAll { return true }
    if let address = Address(host) { return entries.contains { Network($0)?.contains(address) == true } }
    let name = Self.withoutLastDot(host[...])
    return entries.contains { entry in
      let domain = Self.withoutLastDot(entry.first == "." ? entry.dropFirst() : entry).lowercased()
      return !domain.isEmpty && (name == domain || name.hasSuffix(".\(domain)"))
    }
  }

  private static func withoutLastDot(_ name: Substring) -> Substring { name.last == "." ? name.dropLast() : name }
}

/// An IP address, as its bytes.
private struct Address {
  let bytes: [UInt8]

  init?(_ text: String) {
    var storage = in6_addr()
    let isV4 = inet_pton(AF_INET, text, &storage) == 1
    guard isV4 || inet_pton(AF_INET6, text, &storage) == 1 else { return nil }
    bytes = withUnsafeBytes(of: storage) { Array($0.prefix(isV4 ? 4 : 16)) }
  }
}

/// An address, or all that share its first bits: `10.0.0.0/8`.
private struct Network {
  let address: Address
  let bits: Int

  init?(_ text: Substring) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let written = parts[0].first == "[" && parts[0].last == "]" ? parts[0].dropFirst().dropLast() : parts[0]
    guard let address = Address(String(written)) else { return nil }
    let all = address.bytes.count * 8
    guard let bits = parts.count == 1 ? all : Int(parts[1]), (1...all).contains(bits) else { return nil }
    self.address = address
    self.bits = bits
  }

  func contains(_ other: Address) -> Bool {
    guard other.bytes.count == address.bytes.count else { return false }
    return zip(address.bytes, other.bytes).enumerated().allSatisfy { index, pair in
      let kept = max(0, min(8, bits - index * 8))
      return (pair.0 ^ pair.1) >> UInt8(8 - kept) == 0
    }
  }
}
