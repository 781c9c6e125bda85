/// One value inside a document. Keeps the whole text of the document alive.
package struct JSONElement: Sendable {
  let tape: JSONTape
  let node: Int

  package enum Kind: Sendable, Hashable {
    case null, bool, number, string, array, object
  }

  package var kind: Kind {
    switch header.kind {
    case .null: .null
    case .true, .false: .bool
    case .number: .number
    case .string, .escapedString: .string
    case .array: .array
    case .object: .object
    }
  }

  package var isNull: Bool { header.kind == .null }

  /// Nil for anything but `true` and `false`.
  package var bool: Bool? {
    switch header.kind {
    case .true: true
    case .false: false
    case .null, .number, .string, .escapedString, .array, .object: nil
    }
  }

  package var number: JSONNumber? {
    header.kind == .number ? JSONNumber(validated: String(decoding: rawBytes, as: UTF8.self)) : nil
  }

  package var string: String? {
    switch header.kind {
    case .string: String(decoding: rawBytes.dropFirst().dropLast(), as: UTF8.self)
    case .escapedString: JSONString.unescaped(rawBytes.dropFirst().dropLast())
    case .null, .true, .false, .number, .array, .object: nil
    }
  }

  /// In the order of the text, repeated names included; nil for anything but an object.
  package var members: Members? { header.kind == .object ? Members(object: self) : nil }

  /// Nil for anything but an array.
  package var elements: Elements? { header.kind == .array ? Elements(array: self) : nil }

  /// The first member of that name, or nil for anything that is not such an object.
  package subscript(_ name: String) -> JSONElement? {
    members?.first { JSONString.isSame($0.name, name) }?.value
  }

  /// Exactly as written, without the white space around it.
  package var rawBytes: ArraySlice<UInt8> {
    tape.bytes[header.start..<(header.isContainer ? tape.nodes[node + 1].start : header.start + header.size)]
  }

  private var header: JSONNode { tape.nodes[node] }
}

extension JSONElement {
  package struct Member: Sendable {
    package let name: String
    package let value: JSONElement
  }

  package struct Members: Sequence, Sendable {
    fileprivate let object: JSONElement

    package var count: Int { object.children.count / 2 }
    package func makeIterator() -> Iterator { Iterator(children: object.children.makeIterator()) }

    package struct Iterator: IteratorProtocol {
      fileprivate var children: Children.Iterator

      package mutating func next() -> Member? {
        guard let name = children.next()?.string, let value = children.next() else { return nil }
        return Member(name: name, value: value)
      }
    }
  }

  package struct Elements: Sequence, Sendable {
    fileprivate let array: JSONElement

    package var count: Int { array.children.count }
    package func makeIterator() -> Iterator { Iterator(children: array.children.makeIterator()) }

    package struct Iterator: IteratorProtocol {
      fileprivate var children: Children.Iterator

      package mutating func next() -> JSONElement? { children.next() }
    }
  }

  /// What stands directly inside an object (names and values in turn) or array.
  fileprivate struct Children: Sequence {
    let container: JSONElement

    var count: Int { container.tape.nodes[container.node + 1].size }

    func makeIterator() -> Iterator {
      Iterator(tape: container.tape, upcoming: container.node + 2, end: container.node + container.header.size)
    }

    struct Iterator: IteratorProtocol {
      let tape: JSONTape
      var upcoming: Int
      let end: Int

      mutating func next() -> JSONElement? {
        guard upcoming < end else { return nil }
        defer { upcoming += tape.nodes[upcoming].stride }
        return JSONElement(tape: tape, node: upcoming)
      }
    }
  }

  fileprivate var children: Children { Children(container: self) }
}
