/// A private key as its owner has it: text, and the passphrase that opens it.
package struct KeyMaterial: ~Copyable, Sendable {
  package enum Form: Sendable {
    /// PEM in any spelling that survives copying: one line, `\n` written out, text around it, certificates beside it.
    case pem
    /// A PKCS#12 file (`.p12`, `.pfx`) in base64.
    case pkcs12
  }

  package let form: Form
  package let text: SecretBytes
  /// UTF-8, 1024 bytes at most; empty when there is none.
  package let passphrase: SecretBytes

  package init(_ form: Form, text: consuming SecretBytes, passphrase: consuming SecretBytes) {
    self.form = form
    self.text = text
    self.passphrase = passphrase
  }
}

/// What was in `KeyMaterial`: one private key, and the certificates that stood beside it.
package struct UnpackedKey: ~Copyable, Sendable {
  /// PKCS#8, unencrypted, ending with a line feed: the one form that is stored.
  package let privateKeyPEM: SecretBytes
  package let signer: any SigningKey
  /// DER, in the order in which they were found. They may be anybody's.
  package let certificates: [[UInt8]]

  package init(privateKeyPEM: consuming SecretBytes, signer: any SigningKey, certificates: [[UInt8]]) {
    self.privateKeyPEM = privateKeyPEM
    self.signer = signer
    self.certificates = certificates
  }
}
