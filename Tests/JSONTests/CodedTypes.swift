import JSON

struct Person: Codable, Equatable {
  enum Role: String, Codable, CaseIterable {
    case admin
    case user
  }

  struct Rules: Codable, Equatable {
    var subjects: [String]
    var deny: [String]?
  }

  struct Friend: Codable, Equatable {
    var name: String
  }

  var name: String
  var age: Int8
  var ratio: Double?
  var role: Role?
  var rules: Rules?
  var extra: [String: Int]?
  var tags: [Bool?]?
  var raw: RawJSON?
  var tree: JSONValue?
  var friends: [Friend]?
}

enum Shape: Codable, Equatable {
  case circle(radius: Double)
  case path([UInt16])
}

struct Empty: Codable, Equatable {
  enum CodingKeys: CodingKey {}
  init() {}
  init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: CodingKeys.self) }
}

/// Reads and writes piece by piece, through every kind of nested container.
struct Manual: Codable, Equatable {
  var id: Int
  var word: String
  var name: String

  enum Key: String, CodingKey {
    case outer
    case list
    case id
    case name
  }

  init(id: Int, word: String, name: String) { (self.id, self.word, self.name) = (id, word, name) }

  init(from decoder: any Decoder) throws {
    let top = try decoder.container(keyedBy: Key.self)
    let outer = try top.nestedContainer(keyedBy: Key.self, forKey: .outer)
    var list = try outer.nestedUnkeyedContainer(forKey: .list)
    id = try list.nestedContainer(keyedBy: Key.self).decode(Int.self, forKey: .id)
    var words = try list.nestedUnkeyedContainer()
    word = try words.decode(String.self)
    name = try top.superDecoder().container(keyedBy: Key.self).decode(String.self, forKey: .name)
  }

  func encode(to encoder: any Encoder) throws {
    var top = encoder.container(keyedBy: Key.self)
    var outer = top.nestedContainer(keyedBy: Key.self, forKey: .outer)
    var list = outer.nestedUnkeyedContainer(forKey: .list)
    var first = list.nestedContainer(keyedBy: Key.self)
    try first.encode(id, forKey: .id)
    var words = list.nestedUnkeyedContainer()
    try words.encode(word)
    var above = top.superEncoder().container(keyedBy: Key.self)
    try above.encode(name, forKey: .name)
  }
}

/// Two types side by side in one object.
struct Flat: Codable, Equatable {
  var friend: Person.Friend
  var rules: Person.Rules

  init(from decoder: any Decoder) throws {
    friend = try decoder.singleValueContainer().decode(Person.Friend.self)
    rules = try Person.Rules(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    try friend.encode(to: encoder)
    try rules.encode(to: encoder)
  }

  init(friend: Person.Friend, rules: Person.Rules) { (self.friend, self.rules) = (friend, rules) }
}

struct Strict: Decodable {
  enum CodingKeys: CodingKey, CaseIterable {
    case deny
  }

  var deny: Bool

  init(from decoder: any Decoder) throws {
    try JSONReader.refuseUnknownMembers(in: decoder, knownAs: CodingKeys.self)
    deny = try decoder.container(keyedBy: CodingKeys.self).decode(Bool.self, forKey: .deny)
  }
}

struct Even: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard try container.decode(Int.self).isMultiple(of: 2) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "must be even")
    }
  }
}

/// Encodes nothing at all.
struct Silent: Encodable {
  func encode(to encoder: any Encoder) {}
}

/// Ways to use an encoder that leave no JSON behind. Not itself `Encodable`: Swift Testing would encode it.
enum Misuse: CaseIterable {
  case twoScalars
  case scalarAfterContainer
  case twoKindsOfContainer
  case outOfOrder
  case swallowedError
}

struct Misused: Encodable {
  let misuse: Misuse

  enum Key: CodingKey {
    case a
    case b
  }

  func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    switch misuse {
    case .twoScalars:
      try single.encode(1)
      try single.encode(2)
    case .scalarAfterContainer:
      _ = encoder.unkeyedContainer()
      try single.encode(2)
    case .twoKindsOfContainer:
      _ = encoder.unkeyedContainer()
      _ = encoder.container(keyedBy: Key.self)
    case .outOfOrder:
      var outer = encoder.container(keyedBy: Key.self)
      var inner = outer.nestedContainer(keyedBy: Key.self, forKey: .a)
      try outer.encode(1, forKey: .b)
      try inner.encode(1, forKey: .a)
    case .swallowedError:
      var container = encoder.container(keyedBy: Key.self)
      try? container.encode(Double.nan, forKey: .a)
      try container.encode(1, forKey: .b)
    }
  }
}
