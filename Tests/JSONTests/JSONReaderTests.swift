import JSON
import Testing

@Suite struct JSONReaderTests {
  @Test func readsEveryKindOfMember() throws {
    let text = #"""
      {"name":"a","age":-128,"ratio":1e2,"role":"user","rules":{"subjects":["a","b"],"deny":null},
       "extra":{"x":1,"y":-2},"tags":[true,null],"raw":{ "k" : [1.0] },"tree":[12345678901234567.89]}
      """#
    let person = try JSONReader.decode(Person.self, from: Array(text.utf8), unknownMembers: .refused)
    #expect(person.age == -128)
    #expect(person.ratio == 100)
    #expect(person.role == .user)
    #expect(person.rules == Person.Rules(subjects: ["a", "b"], deny: nil))
    #expect(person.extra == ["x": 1, "y": -2])
    #expect(person.tags == [true, nil])
    #expect(person.raw.map { String(decoding: $0.bytes, as: UTF8.self) } == #"{ "k" : [1.0] }"#)
    #expect(person.tree == [.number(JSONNumber(validated: "12345678901234567.89"))])
  }

  @Test func everySourceReadsTheSame() throws {
    let bytes = Array(#"{"name":"a","age":1}"#.utf8)
    let fromBytes = try JSONReader.decode(Person.self, from: bytes)
    #expect(try JSONReader.decode(Person.self, from: JSONDocument(parsing: bytes).root) == fromBytes)
    #expect(try JSONReader.decode(Person.self, from: RawJSON(parsing: bytes)) == fromBytes)
    #expect(try JSONReader.decode(Person.self, from: ["name": "a", "age": 1] as JSONValue) == fromBytes)
  }

  @Test(
    arguments: [
      ("", .malformed, "", "The JSON text cannot be read at byte 0: expected a value, but the text ends."),
      ("[]", .mistyped, "", "expected an object, found an array"),
      ("{}", .missing, "name", "the required field is missing"),
      (#"{"name":"a","aeg":1}"#, .missing, "age", "the required field is missing; is `aeg` meant to be it?"),
      (#"{"name":1}"#, .mistyped, "name", "expected a string, found a number"),
      (#"{"name":null}"#, .null, "name", "expected a string, found null"),
      (#"{"name":"a","age":"1"}"#, .mistyped, "age", "expected a whole number, found a string"),
      (#"{"name":"a","age":128}"#, .outOfRange, "age", "expected a whole number from -128 to 127"),
      (
        #"{"name":"a","age":1.0}"#, .mistyped, "age",
        "expected a whole number, written without fraction or exponent"
      ),
      (
        #"{"name":"a","age":1e2}"#, .mistyped, "age",
        "expected a whole number, written without fraction or exponent"
      ),
      (#"{"name":"a","age":1,"ratio":1e999}"#, .outOfRange, "ratio", "the number is too large for a Double"),
      (#"{"name":"a","age":1,"ratio":true}"#, .mistyped, "ratio", "expected a number, found true or false"),
      (#"{"name":"a","age":1,"role":"root"}"#, .invalid, "role", #"expected one of "admin", "user""#),
      (
        #"{"name":"a","age":1,"rules":{"subjects":["a",2]}}"#, .mistyped, "rules.subjects[1]",
        "expected a string, found a number"
      ),
      (
        #"{"name":"a","age":1,"rules":{"subjects":{}}}"#, .mistyped, "rules.subjects",
        "expected an array, found an object"
      ),
      (#"{"name":"a","age":1,"tags":[true,0]}"#, .mistyped, "tags[1]", "expected true or false, found a number"),
      (
        #"{"name":"a","age":1,"extra":{"a b":""}}"#, .mistyped, #"extra["a b"]"#,
        "expected a whole number, found a string"
      ),
      (#"{"name":"a","age":1,"name":"b"}"#, .duplicate, "name", "the field occurs more than once"),
      (#"{"name":"a","age":1,"extra":{"x":1,"x":1}}"#, .duplicate, "extra.x", "the field occurs more than once"),
      (
        "{\"name\":\"a\",\"age\":1,\"extra\":{\"\u{E9}\":1,\"e\u{301}\":1}}", .duplicate, "extra[\"e\u{301}\"]",
        "the field occurs more than once"
      ),
    ] as [(String, JSONDecodingError.Kind, String, String)]
  )
  func refuses(_ text: String, _ kind: JSONDecodingError.Kind, _ path: String, _ problem: String) {
    #expect(throws: JSONDecodingError(kind, path: path, problem: problem)) {
      try JSONReader.decode(Person.self, from: Array(text.utf8))
    }
  }

  @Test func manyNamesAreSearchedForDuplicatesToo() {
    let names = (0..<5_000).map { "\"n\($0)\":1" }
    let text = "{" + (names + ["\"n4321\":1"]).joined(separator: ",") + "}"
    let error = JSONDecodingError(.duplicate, path: "n4321", problem: "the field occurs more than once")
    #expect(throws: error) { try JSONReader.decode([String: Int].self, from: Array(text.utf8)) }
  }

  @Test(arguments: [
    (#"{"name":"a","age":1,"nick":"b"}"#, "nick", "unknown field"),
    (#"{"name":"a","age":1,"rols":"user"}"#, "rols", "unknown field; did you mean `role`?"),
    (#"{"name":"a","age":1,"rules":{"subjects":[],"denny":[]}}"#, "rules.denny", "unknown field; did you mean `deny`?"),
    (#"{"name":"a","age":1,"friends":[{"name":"b"},{"name":"c","nick":1}]}"#, "friends[1].nick", "unknown field"),
    (#"{"name":"a","age":1,"a\nb":1}"#, #"["a\nb"]"#, "unknown field"),
  ])
  func unknownMembersAreRefusedWhenAsked(_ text: String, _ path: String, _ problem: String) throws {
    _ = try JSONReader.decode(Person.self, from: Array(text.utf8))
    #expect(throws: JSONDecodingError(.unknown, path: path, problem: problem)) {
      try JSONReader.decode(Person.self, from: Array(text.utf8), unknownMembers: .refused)
    }
  }

  @Test func longNamesAreCut() throws {
    let text = "{\"\(String(repeating: "x", count: 100_000))\":1}"
    let path = "[\"\(String(repeating: "x", count: 64))…\"]"
    #expect(throws: JSONDecodingError(.unknown, path: path, problem: "unknown field")) {
      try JSONReader.decode(Empty.self, from: Array(text.utf8), unknownMembers: .refused)
    }
  }

  @Test(arguments: [
    (#"{"circle":{"radius":2}}"#, Shape.circle(radius: 2)),
    (#"{"path":{"_0":[1,2]}}"#, Shape.path([1, 2])),
  ])
  func enumsWithPayloads(_ text: String, _ shape: Shape) throws {
    #expect(try JSONReader.decode(Shape.self, from: Array(text.utf8), unknownMembers: .refused) == shape)
  }

  @Test func unknownMembersOfPayloadsAreRefused() {
    let error = JSONDecodingError(.unknown, path: "circle.colour", problem: "unknown field")
    #expect(throws: error) {
      let text = #"{"circle":{"radius":2,"colour":1}}"#
      return try JSONReader.decode(Shape.self, from: Array(text.utf8), unknownMembers: .refused)
    }
  }

  @Test func manualContainersAreFollowed() throws {
    let text = #"{"outer":{"list":[{"id":1},["a"]]},"super":{"name":"s"}}"#
    let manual = try JSONReader.decode(Manual.self, from: Array(text.utf8), unknownMembers: .refused)
    #expect(manual == Manual(id: 1, word: "a", name: "s"))
  }

  @Test(arguments: [
    (
      #"{"outer":{"list":[{"id":1,"x":1},["a"]]},"super":{"name":"s"}}"#, JSONDecodingError.Kind.unknown,
      "outer.list[0].x"
    ),
    (#"{"outer":{"list":[{"id":1},["a"]],"y":1},"super":{"name":"s"}}"#, .unknown, "outer.y"),
    (#"{"outer":{"list":[{"id":1},["a"]]},"super":{"name":"s","z":1}}"#, .unknown, "super.z"),
    (#"{"outer":{"list":[{"id":1},[7]]},"super":{"name":"s"}}"#, .mistyped, "outer.list[1][0]"),
    (#"{"outer":{"list":[{"id":1}]},"super":{"name":"s"}}"#, .missing, "outer.list"),
    (#"{"outer":{"list":[{"id":1},["a"]]}}"#, .missing, "super"),
  ])
  func manualContainersAreHeldToTheRules(_ text: String, _ kind: JSONDecodingError.Kind, _ path: String) {
    #expect {
      try JSONReader.decode(Manual.self, from: Array(text.utf8), unknownMembers: .refused)
    } throws: { error in
      let error = error as? JSONDecodingError
      return error?.kind == kind && error?.path == path
    }
  }

  @Test func twoTypesMayShareAnObject() throws {
    let text = Array(#"{"name":"a","subjects":[]}"#.utf8)
    #expect(try JSONReader.decode(Flat.self, from: text, unknownMembers: .refused).rules.subjects == [])
    let error = JSONDecodingError(.unknown, path: "x", problem: "unknown field")
    #expect(throws: error) {
      try JSONReader.decode(Flat.self, from: Array(#"{"name":"a","subjects":[],"x":1}"#.utf8), unknownMembers: .refused)
    }
  }

  @Test func aTypeCanRefuseUnknownMembersItself() throws {
    _ = try JSONReader.decode(Strict.self, from: Array(#"{"deny":true}"#.utf8))
    let error = JSONDecodingError(.unknown, path: "[0].denny", problem: "unknown field; did you mean `deny`?")
    #expect(throws: error) { try JSONReader.decode([Strict].self, from: Array(#"[{"deny":true,"denny":1}]"#.utf8)) }
  }

  @Test func aTypesOwnRefusalKeepsItsPlace() {
    let error = JSONDecodingError(.invalid, path: "[1]", problem: "must be even")
    #expect(throws: error) { try JSONReader.decode([Even].self, from: Array("[2,3]".utf8)) }
  }
}
