/// A JSON text being written, in which each value has a slot of its own.
///
/// Only the innermost open container can be written to; writing to an outer one closes those inside it.
final class JSONOutput {
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

  private var bytes: [UInt8] = []
  private var open: [Container] = []
  private var slots = 0
  /// The slot whose value is still to come.
  private var pending: Slot?
  private var misuse: JSONEncodingError?

  init() { bytes.reserveCapacity(256) }

  /// The text, once everything in it is complete.
  func finish() throws(JSONEncodingError) -> [UInt8] {
    closeContainers(above: 0)
    if let misuse { throw misuse }
    return bytes
  }

  func rootSlot() -> Slot { newSlot() }

  /// Opens an object or array in the slot. One that is open there already goes on; anything else fails when it is used.
  func openContainer(in slot: Slot, isObject: Bool) {
    if pending == slot {
      pending = nil
      bytes.append(isObject ? ASCII.openingBrace : ASCII.openingBracket)
      open.append(Container(slot: slot, isObject: isObject))
    } else if !isOpen(slot) || open[slot.depth].isObject != isObject {
      misuse = misuse ?? failure("two values are encoded where one belongs")
    }
  }

  /// Starts a member of the object in `slot`: its value must follow.
  func beginMember(_ name: String, in slot: Slot) throws(JSONEncodingError) {
    try beginChild(in: slot)
    open[slot.depth].name = name
    JSONString.append(name, to: &bytes)
    bytes.append(ASCII.colon)
  }

  /// Starts an element of the array in `slot`: its value must follow.
  func beginElement(in slot: Slot) throws(JSONEncodingError) { try beginChild(in: slot) }

  private func beginChild(in slot: Slot) throws(JSONEncodingError) {
    guard isOpen(slot) else { throw failure("a container is written to after it has been closed") }
    closeContainers(above: slot.depth + 1)
    if open[slot.depth].count > 0 { bytes.append(ASCII.comma) }
    open[slot.depth].count += 1
  }

  /// A slot for the value that must follow now.
  func newSlot() -> Slot {
    slots += 1
    let slot = Slot(number: slots, depth: open.count)
    pending = slot
    return slot
  }

  /// An encoder for the value after `begin`. It cannot throw: should `begin` fail, so does the text as a whole.
  func encoder(after begin: () throws(JSONEncodingError) -> Void) -> SlotEncoder {
    do {
      try begin()
    } catch {
      misuse = misuse ?? error
    }
    return SlotEncoder(output: self, slot: newSlot())
  }

  func count(in slot: Slot) -> Int { isOpen(slot) ? open[slot.depth].count : 0 }

  /// Encodes the value into the slot and completes it.
  func write(_ value: some Encodable, in slot: Slot) throws {
    try value.encode(to: SlotEncoder(output: self, slot: slot))
    closeContainers(above: slot.depth)
  }

  /// Lets `append` write one whole value into the slot.
  func fill(_ slot: Slot, _ append: (inout [UInt8]) -> Void) throws(JSONEncodingError) {
    guard pending == slot else { throw failure("two values are encoded where one belongs") }
    pending = nil
    append(&bytes)
  }

  func append(_ string: String) { JSONString.append(string, to: &bytes) }
  func append(literal: String) { bytes.append(contentsOf: literal.utf8) }

  func append(_ number: some BinaryFloatingPoint & CustomStringConvertible) throws(JSONEncodingError) {
    guard number.isFinite else { throw failure("JSON has no infinite numbers and no NaN") }
    append(literal: number.description)
  }

  private func isOpen(_ slot: Slot) -> Bool { slot.depth < open.count && open[slot.depth].slot == slot }

  private func closeContainers(above depth: Int) {
    if pending != nil {
      bytes.append(contentsOf: "{}".utf8)
      pending = nil
    }
    while open.count > depth {
      bytes.append(open.removeLast().isObject ? ASCII.closingBrace : ASCII.closingBracket)
    }
  }

  var steps: [JSONPath.Step] {
    open.filter { $0.count > 0 }.map { $0.isObject ? .member($0.name) : .element($0.count - 1) }
  }

  var path: String { JSONPath.text(steps.map(JSONPathKey.init)) }

  private func failure(_ problem: String) -> JSONEncodingError { JSONEncodingError(path: path, problem: problem) }
}
