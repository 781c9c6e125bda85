/// A JSON text being written, in which each value has a slot of its own.
///
/// Only the innermost open container can be written to; writing to an outer one closes those inside it.
struct JSONText {
  /// Where exactly one value goes.
  struct Slot: Equatable {
    fileprivate let number: Int
    /// Containers open around it.
    fileprivate let depth: Int
  }

  private struct Container {
    let slot: Slot
    let isObject: Bool
    var count = 0
    /// Of the member being written.
    var name = ""
  }

  private(set) var bytes: [UInt8] = []
  private var open: [Container] = []
  private var slots = 0
  /// The slot whose value is still to come.
  private var pending: Slot?
  /// The first thing that went wrong. Whoever swallows the error gets no text all the same.
  private(set) var failure: JSONEncodingError?

  init() { bytes.reserveCapacity(256) }

  /// A slot for the value that comes next.
  mutating func newSlot() -> Slot {
    slots += 1
    let slot = Slot(number: slots, depth: open.count)
    pending = slot
    return slot
  }

  /// Lets `append` write the whole value of the slot.
  mutating func fill(_ slot: Slot, _ append: (inout JSONText) throws(JSONEncodingError) -> Void)
    throws(JSONEncodingError)
  {
    guard pending == slot else { throw fail("two values are encoded where one belongs") }
    pending = nil
    try append(&self)
  }

  /// Opens an object or array in the slot; one that is open there already goes on.
  mutating func openContainer(in slot: Slot, isObject: Bool) throws(JSONEncodingError) {
    if isOpen(slot), open[slot.depth].isObject == isObject { return }
    try fill(slot) { text throws(JSONEncodingError) in
      text.bytes.append(isObject ? ASCII.openingBrace : ASCII.openingBracket)
      text.open.append(Container(slot: slot, isObject: isObject))
    }
  }

  /// Starts a member of the object in `slot`: its value must follow.
  mutating func beginMember(_ name: String, in slot: Slot) throws(JSONEncodingError) {
    try beginElement(in: slot)
    open[slot.depth].name = name
    append(name)
    bytes.append(ASCII.colon)
  }

  /// Starts an element of the array in `slot`: its value must follow.
  mutating func beginElement(in slot: Slot) throws(JSONEncodingError) {
    guard isOpen(slot) else { throw fail("a container is written to after it has been closed") }
    closeContainers(above: slot.depth + 1)
    if open[slot.depth].count > 0 { bytes.append(ASCII.comma) }
    open[slot.depth].count += 1
  }

  /// Completes the value of the slot. A value of which nothing was encoded is an empty object.
  mutating func complete(_ slot: Slot) { closeContainers(above: slot.depth) }

  func count(in slot: Slot) -> Int { isOpen(slot) ? open[slot.depth].count : 0 }

  private func isOpen(_ slot: Slot) -> Bool { slot.depth < open.count && open[slot.depth].slot == slot }

  private mutating func closeContainers(above depth: Int) {
    if pending != nil {
      append(literal: "{}")
      pending = nil
    }
    while open.count > depth {
      bytes.append(open.removeLast().isObject ? ASCII.closingBrace : ASCII.closingBracket)
    }
  }

  /// The way to what is being written.
  var path: [JSONPath.Step] {
    open.filter { $0.count > 0 }.map { $0.isObject ? .member($0.name) : .element($0.count - 1) }
  }

  private mutating func fail(_ problem: String) -> JSONEncodingError {
    let error = JSONEncodingError(path: JSONPath.text(path.map(JSONPathKey.init)), problem: problem)
    failure = failure ?? error
    return error
  }
}

/// Values without parts.
extension JSONText {
  mutating func append(literal: String) { bytes.append(contentsOf: literal.utf8) }
  mutating func append(_ bool: Bool) { append(literal: bool ? "true" : "false") }
  mutating func append(_ string: String) { JSONString.append(string, to: &bytes) }
  mutating func append(_ number: some FixedWidthInteger) { append(literal: String(number)) }
  mutating func append(_ value: JSONValue) { value.append(to: &bytes) }
  mutating func append(_ raw: RawJSON) { bytes.append(contentsOf: raw.element.rawBytes) }

  mutating func append(_ number: some JSONFloatingPoint) throws(JSONEncodingError) {
    guard number.isFinite else { throw fail("JSON has no infinite numbers and no NaN") }
    append(literal: number.description)
  }
}
