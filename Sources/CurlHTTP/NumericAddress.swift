import CCurl
import Glibc

/// An address as it is written.
enum NumericAddress {
  static func text(of address: UnsafeMutablePointer<curl_sockaddr>) -> String? {
    guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
    return text(UnsafeMutableRawPointer(address) + offset, address.pointee.addrlen)
  }

  /// Nil for a socket that is not connected.
  static func ofPeer(_ socket: curl_socket_t) -> String? {
    var storage = sockaddr_storage()
    return withUnsafeMutableBytes(of: &storage) { bytes -> String? in
      guard let start = bytes.baseAddress else { return nil }
      var length = socklen_t(bytes.count)
      guard getpeername(socket, start.assumingMemoryBound(to: sockaddr.self), &length) == 0 else { return nil }
      return text(start, length)
    }
  }

  private static func text(_ address: UnsafeMutableRawPointer, _ length: socklen_t) -> String? {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let count = socklen_t(text.count)
    let start = address.assumingMemoryBound(to: sockaddr.self)
    guard getnameinfo(start, length, &text, count, nil, 0, NI_NUMERICHOST) == 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
