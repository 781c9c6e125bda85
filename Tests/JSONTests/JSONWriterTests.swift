import JSON
import Testing

@Suite struct JSONWriterTests {
  @Test func writesMembersInTheirOrder() throws {
    let person = try Person(
      name: "a\"/é\u{2028}\u{1}",
      age: -1,
      ratio: 0.5,
      role: .user,
      rules: Person.Rules(subjects: ["a", "b"], deny: nil),
      extra: ["x": 1],
      tags: [true, nil],
      raw: RawJSON(parsing: Array(" { \"k\" : 1.0 }".utf8)),
      tree: ["b": [], "a": nil],
      friends: []
    )
    let text =
      "{\"name\":\"a\\\"/é\u{2028}\\u0001\",\"age\":-1,\"ratio\":0.5,\"role\":\"user\","
      + #""rules":{"subjects":["a","b"]},"extra":{"x":1},"tags":[true,null],"raw":{ "k" : 1.0 },"#
      + #""tree":{"b":[],"a":null},"friends":[]}"#
    #expect(try written(person) == text)
    #expect(try JSONReader.decode(Person.self, from: Array(text.utf8), unknownMembers: .refused) == person)
  }

  @Test(arguments: [
    ("plain", #""plain""#),
    ("\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F}", ##""\u0000\b\t\n\u000b\f\r\u001f""##),
    ("\"\\/", #""\"\\/""#),
    ("\u{7F}\u{80}é€😀\u{2028}\u{2029}\u{FEFF}", "\"\u{7F}\u{80}é€😀\u{2028}\u{2029}\u{FEFF}\""),
    ("\r\n", #""\r\n""#),
  ])
  func escapesWhatMustBe(_ string: String, _ text: String) throws {
    #expect(try written(string) == text)
    #expect(String(decoding: JSONValue.string(string).serialized(), as: UTF8.self) == text)
    #expect(try JSONReader.decode(String.self, from: Array(text.utf8)) == string)
  }

  @Test func numbersAreWrittenInFull() throws {
    #expect(try written([Int64.min, .max]) == "[-9223372036854775808,9223372036854775807]")
    #expect(try written([UInt64.max]) == "[18446744073709551615]")
    #expect(try written([0.1, -0.0, 1e300, Double.leastNonzeroMagnitude, 3]) == "[0.1,-0.0,1e+300,5e-324,3.0]")
    #expect(try written([Float(0.1)]) == "[0.1]")
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func numbersThatJSONLacksAreRefused(_ number: Double) {
    #expect(throws: JSONEncodingError.self) { try JSONWriter.encode(number) }
    #expect {
      try JSONWriter.encode(["a": [1, number]])
    } throws: { ($0 as? JSONEncodingError)?.path == "a[1]" }
  }

  @Test func scalarsStandAlone() throws {
    #expect(try written(true) == "true")
    #expect(try written(nil as Int?) == "null")
    #expect(try written(["a", nil]) == #"["a",null]"#)
    #expect(try written(Person.Role.admin) == #""admin""#)
    #expect(try written([[Int]]()) == "[]")
    #expect(try written([[1], [], [2, 3]]) == "[[1],[],[2,3]]")
    #expect(try written(Empty()) == "{}")
    #expect(try written([Silent(), Silent()]) == "[{},{}]")
  }

  @Test func nestedContainersCloseInTheirPlace() throws {
    let text = #"{"outer":{"list":[{"id":1},["a"]]},"super":{"name":"s"}}"#
    #expect(try written(Manual(id: 1, word: "a", name: "s")) == text)
    #expect(try written([Shape.circle(radius: 2), .path([1])]) == #"[{"circle":{"radius":2.0}},{"path":{"_0":[1]}}]"#)
  }

  @Test func twoTypesMayShareAnObject() throws {
    let flat = Flat(friend: Person.Friend(name: "a"), rules: Person.Rules(subjects: ["b"]))
    #expect(try written([flat]) == #"[{"name":"a","subjects":["b"]}]"#)
  }

  @Test(arguments: Misuse.allCases)
  func whatCannotBeWrittenInOneGoIsRefused(_ misuse: Misuse) {
    #expect(throws: JSONEncodingError.self) { try JSONWriter.encode([Misused(misuse: misuse)]) }
  }

  @Test func valueEmbedsAsItSerializes() throws {
    let value: JSONValue = ["b": [1, "x", true, nil], "a": ["c": [:]], "empty": []]
    let text = #"{"b":[1,"x",true,null],"a":{"c":{}},"empty":[]}"#
    #expect(try written(value) == text)
    #expect(String(decoding: value.serialized(), as: UTF8.self) == text)
  }

  private func written(_ value: some Encodable) throws -> String {
    String(decoding: try JSONWriter.encode(value), as: UTF8.self)
  }
}
