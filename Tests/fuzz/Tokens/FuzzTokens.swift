import Delegation
import FuzzDriver
import OpenSSLKeys

/// One input of libFuzzer: the first byte says whether the rest is a token or a set of signing keys.
///
/// A trap is a finding. So is a key out of bounds, and a signature that verifies: nobody here has a private key.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzTokens(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard let choice = input.first else { return 0 }
  let rest = Array(input.dropFirst())
  if choice & 1 == 0 {
    let text = choice & 2 == 0 ? String(decoding: rest, as: UTF8.self) : token(rest)
    _ = JWT(decoding: text)
  } else if let set = try? JSONWebKeySet(parsing: rest) {
    for key in set.keys { verify(rest, key.numbers) }
  }
  return 0
}

private let verification = OpenSSLSignatureVerification()

/// Mutations of base64 seldom decode: let the fuzzer change what is inside.
private func token(_ bytes: [UInt8]) -> String {
  let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
  return parts.map { Base64.encode($0, as: .url) }.joined(separator: ".")
}

private func verify(_ bytes: [UInt8], _ key: VerificationKey) {
  precondition(VerificationKey.acceptedBits.contains(key.bits) && (1...4).contains(key.exponent.count))
  for length in [0, bytes.count, key.modulus.count] {
    let signature = Array((bytes + [UInt8](repeating: 1, count: length)).suffix(length))
    let isOne = try? verification.isRS256(signature, of: bytes, by: key)
    precondition(isOne == false, "a signature that nobody made")
  }
}

@main enum Fuzzer {
  static func main() { runFuzzer(fuzzTokens) }
}
