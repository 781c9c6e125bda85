/// A key that is ready to sign: the handle, and what is known of it.
package struct OpenKey: Sendable {
  package let item: KeyItem
  package let certificate: Certificate
  package let thumbprints: Thumbprints
  package let signer: any SigningKey

  /// Opens a stored item, checking that its certificate belongs to its key.
  static func open(
    _ stored: borrowing SecretBytes,
    alias: String,
    with keys: any SigningKeys
  ) throws(KeyFailure) -> OpenKey {
    let item = try KeyItem(parsing: stored, alias: alias)
    let signer = try keys.open(pem: stored)
    let certificate = try keys.certificate(item.certificateDER)
    guard certificate.subjectPublicKeyInfo == signer.publicKey.subjectPublicKeyInfo else {
      throw .certificateMismatch
    }
    return OpenKey(
      item: item,
      certificate: certificate,
      thumbprints: Thumbprints(of: certificate),
      signer: signer
    )
  }
}
