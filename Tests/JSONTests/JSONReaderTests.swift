import JSON
import Testing

struct Person: Codable, Equatable {
  enum Role: String, Codable, CaseIterable { case admin, user }
  struct Rules: Codable, Equatable {
    var subjects: [String]
    var deny: [String]?
  }

  var name: String
  var age: Int8
  var ratio: Double?
  var role: Role?
  var rules: Rules?
  var extra: [String: Int]?
}

@Suite struct JSONReaderTests {
  @Test(arguments: [
    (#"{"name":"a"}"#, JSONDecodingError(.missing, path: "age", problem: "the required field is missing")),
    (
      #"{"name":"a","aeg":1}"#,
      JSONDecodingError(.missing, path: "age", problem: "the required field is missing; is `aeg` meant to be it?")
    ),
    (#"{"name":1,"age":1}"#, JSONDecodingError(.mistyped, path: "name", problem: "expected a string, found a number")),
    (
      #"{"name":"a","age":1,"rules":{"subjects":["a"],"denny":[]}}"#,
      JSONDecodingError(.unknown, path: "rules.denny", problem: "unknown field; did you mean `deny`?")
    ),
  ])
  func refuses(_ text: String, _ expected: JSONDecodingError) {
    #expect(throws: expected) {
      try JSONReader.decode(Person.self, from: Array(text.utf8), unknownMembers: .refused)
    }
  }

  @Test func roundTrip() throws {
    let text = #"{"name":"a","age":-1,"ratio":0.5,"role":"user","rules":{"subjects":["a","b"]},"extra":{"x":1}}"#
    let person = try JSONReader.decode(Person.self, from: Array(text.utf8), unknownMembers: .refused)
    #expect(try String(decoding: JSONWriter.encode(person), as: UTF8.self) == text)
  }
}
