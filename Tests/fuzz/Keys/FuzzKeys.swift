import Delegation
import FuzzDriver
import OpenSSLKeys

/// One input of libFuzzer: the first byte says in which form the rest is given to `importKey`. The passphrase is that of
/// the vectors, so that what they hold is reached.
///
/// A trap is a finding. So is a key that was taken and does not come back the same from the form in which it is stored.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzKeys(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard let choice = input.first else { return 0 }
  let rest = Array(input.dropFirst())
  let form: KeyMaterial.Form = choice & 1 == 0 ? .pem : .pkcs12
  // Mutations of base64 seldom decode: let the fuzzer change what is inside.
  let text = choice & 2 == 0 ? rest : form == .pem ? pem(rest, choice) : Base64.encodedBytes(rest, as: .standard)
  let passphrase = choice & 4 == 0 ? Array("sesame".utf8) : []
  unpack(KeyMaterial(form, text: SecretBytes(copying: text), passphrase: SecretBytes(copying: passphrase)))
  if let certificates = try? keys.certificates(pem: rest) { for der in certificates { _ = try? keys.certificate(der) } }
  return 0
}

private let keys = OpenSSLSigningKeys()

private func pem(_ der: [UInt8], _ choice: UInt8) -> [UInt8] {
  let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE"]
  return Array(PEM.encode(der, label: labels[Int(choice >> 3 & 3)]).utf8)
}

private func unpack(_ material: borrowing KeyMaterial) {
  guard let unpacked = try? keys.unpack(material) else { return }
  let again = try? keys.open(pem: unpacked.privateKeyPEM)
  precondition(again?.publicKey == unpacked.signer.publicKey, "a key that was taken cannot be opened again")
  for der in unpacked.certificates { _ = try? keys.certificate(der) }
}

@main enum Fuzzer {
  static func main() { runFuzzer(fuzzKeys) }
}
