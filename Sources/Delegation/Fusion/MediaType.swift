/// The value of a `Content-Type` (RFC 9110 section 8.3.1), as far as it says how bytes are to be read.
struct MediaType {
  /// In lower case, without parameters; empty when there is none.
  let name: String
  /// In lower case, without quotation marks.
  private let charset: String?

  init(_ value: String?) {
    // White space is allowed around a semicolon, and none is part of what is read here.
    let plain = (value ?? "").lowercased().filter { $0 != " " && $0 != "\t" && $0 != "\"" }
    let parts = plain.split(separator: ";", omittingEmptySubsequences: false)
    name = parts.first.map(String.init) ?? ""
    charset = parts.dropFirst().first { $0.hasPrefix("charset=") }.map { String($0.dropFirst("charset=".count)) }
  }

  /// `application/json`, and all that is built on it (RFC 6839 section 3.1), Oracle's `vnd.oracle.adf` types among them.
  var isJSON: Bool { name == "application/json" || name.hasSuffix("+json") }

  /// What people read, in an encoding that we do.
  var isText: Bool {
    let isReadable =
      isJSON || name.hasPrefix("text/") || name == "application/xml" || name.hasSuffix("+xml")
      || name == "application/x-www-form-urlencoded"
    return isReadable && [nil, "utf-8", "us-ascii"].contains(charset)
  }
}
