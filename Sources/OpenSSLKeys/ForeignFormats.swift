import COpenSSL
import Delegation

/// What a text without a PEM block looks like, for whoever gave the wrong thing. Holds nothing of the text.
func nameOfForeignText(_ text: UnsafeRawBufferPointer) -> String {
  let compact = ArmouredBytes(text).collected()
  return compact.withUnsafeBytes { bytes in
    let starts = { (start: String) in bytes.starts(with: start.utf8) }
    if bytes.isEmpty { return "nothing" }
    if starts("PuTTY-User-Key-File") {
      return "a PuTTY key; convert it with puttygen KEY.ppk -O private-openssh -o KEY.pem"
    }
    if starts("{") && bytes.firstRange(of: Array(#""kty""#.utf8), from: 0) != nil { return "a JWK, not a PEM" }
    if starts("ssh-") || starts("ecdsa-") || starts("----BEGINSSH2") { return "an SSH public key, not a private key" }
    if starts("<RSAKeyValue") { return "a key as XML, not a PEM" }
    if bytes.count > 64, let decoded = decodedBase64(bytes) {
      return decoded.withUnsafeBytes { der in
        if isPKCS12(der) { return "a PKCS#12 file in base64; give it as pkcs12Base64" }
        return "base64 without BEGIN and END lines; paste the whole PEM, from -----BEGIN to the END line"
      }
    }
    return "no PEM block"
  }
}

/// What a file looks like that is no PKCS#12.
func nameOfForeignFile(_ file: UnsafeRawBufferPointer) -> String {
  if file.starts(with: [0xFE, 0xED, 0xFE, 0xED]) || file.starts(with: [0xCE, 0xCE, 0xCE, 0xCE]) {
    return """
      a Java keystore that is not PKCS#12; convert it with \
      keytool -importkeystore -srckeystore OLD.jks -destkeystore NEW.p12 -deststoretype PKCS12
      """
  }
  if !pemBlocks(in: file).isEmpty { return "a PEM text in base64, not a PKCS#12 file; give the PEM as pem" }
  let sequence: UInt8 = 0x30
  return file.first == sequence ? "DER that is not a whole PKCS#12 file" : "no PKCS#12 file"
}

private func isPKCS12(_ der: UnsafeRawBufferPointer) -> Bool {
  var start = der.baseAddress?.assumingMemoryBound(to: UInt8.self)
  guard let file = d2i_PKCS12(nil, &start, der.count) else {
    OpenSSL.forgetErrors()
    return false
  }
  PKCS12_free(file)
  return true
}
