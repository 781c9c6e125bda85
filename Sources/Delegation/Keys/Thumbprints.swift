/// How a certificate is named in a JWS header (RFC 7515 sections 4.1.7 and 4.1.8): base64url of a hash of its DER.
package struct Thumbprints: Sendable, Equatable {
  package let x5t: String
  package let x5tS256: String

  package init(of certificate: Certificate) {
    x5t = Base64.encode(certificate.sha1, as: .url)
    x5tS256 = Base64.encode(certificate.sha256, as: .url)
  }
}
