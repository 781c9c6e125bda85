import Delegation
import Testing

struct Base64Tests {
  /// RFC 4648 section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func standardVectors(_ text: String, _ encoded: String) {
    #expect(Base64.encode(Array(text.utf8), as: .standard) == encoded)
    #expect(Base64.decode(Array(encoded.utf8), as: .standard) == Array(text.utf8))
  }

  /// RFC 7515 appendix C.
  @Test func urlVector() {
    #expect(Base64.encode([3, 236, 255, 224, 193], as: .url) == "A-z_4ME")
    #expect(Base64.decode(Array("A-z_4ME".utf8), as: .url) == [3, 236, 255, 224, 193])
  }

  @Test(arguments: ["Zg", "Zg=", "Zg===", "=", "Z===", "Zh==", "Zg==Zg==", "Zm9v!", "Zm9v\n", "A-z_"])
  func refusesLooseStandardText(_ text: String) { #expect(Base64.decode(Array(text.utf8), as: .standard) == nil) }

  @Test(arguments: ["Z", "Zg==", "Zh", "A+z/", "Zm9vY"])
  func refusesLooseURLText(_ text: String) { #expect(Base64.decode(Array(text.utf8), as: .url) == nil) }

  @Test func everythingComesBack() {
    var random = SystemRandomNumberGenerator()
    for count in 0..<300 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      for alphabet in [Base64.Alphabet.standard, .url] {
        #expect(Base64.decode(Base64.encodedBytes(bytes, as: alphabet), as: alphabet) == bytes)
      }
    }
  }
}
