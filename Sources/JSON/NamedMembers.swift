/// The members of one object by name, and which of them have been asked for.
final class NamedMembers {
  private struct Entry {
    let name: String
    let value: JSONElement
    var isAskedFor = false
  }

  private var entries: [Entry] = []
  /// Names asked for that are not there, as they would be misspelt.
  private var absent: [String] = []
  /// Where the next name is looked for first: names are mostly asked for in their order.
  private var cursor = 0

  /// Names that Swift takes for equal count as duplicates, in whatever bytes they are written.
  init(_ members: JSONElement.Members, path: JSONPath?) throws(JSONDecodingError) {
    entries.reserveCapacity(members.count)
    var seen: Set<String> = []
    let isSmall = members.count <= 12
    for member in members {
      let isNew = isSmall ? !entries.contains { $0.name == member.name } : seen.insert(member.name).inserted
      guard isNew else {
        throw JSONDecodingError(
          .duplicate,
          path: JSONPath.text(JSONPath(.member(member.name), in: path)),
          problem: "the field occurs more than once"
        )
      }
      entries.append(Entry(name: member.name, value: member.value))
    }
  }

  func ask(_ name: String) -> JSONElement? {
    for offset in entries.indices {
      let index = (cursor + offset) % entries.count
      guard JSONString.isSame(entries[index].name, name) else { continue }
      entries[index].isAskedFor = true
      cursor = index
      return entries[index].value
    }
    absent.append(name)
    return nil
  }

  /// Every name for which there is a key; those then count as asked for.
  func askAll<Key>(_ key: (String) -> Key?) -> [Key] {
    entries.indices.compactMap { index in
      let key = key(entries[index].name)
      if key != nil { entries[index].isAskedFor = true }
      return key
    }
  }

  func refuseUnaskedMembers(path: JSONPath?) throws(JSONDecodingError) {
    for entry in entries where !entry.isAskedFor { throw unknown(entry.name, known: absent, path: path) }
  }

  func refuseMembers(besides known: [String], path: JSONPath?) throws(JSONDecodingError) {
    for entry in entries where !known.contains(where: { JSONString.isSame($0, entry.name) }) {
      throw unknown(entry.name, known: known, path: path)
    }
  }

  func missing(_ name: String, path: JSONPath?) -> JSONDecodingError {
    let unasked = entries.lazy.filter { !$0.isAskedFor }.prefix(64).map(\.name)
    let misspelt = Spelling.nearest(to: name, among: unasked).map { "; is `\($0)` meant to be it?" } ?? ""
    return JSONDecodingError(
      .missing,
      path: JSONPath.text(JSONPath(.member(name), in: path)),
      problem: "the required field is missing" + misspelt
    )
  }

  private func unknown(_ name: String, known: [String], path: JSONPath?) -> JSONDecodingError {
    let hint = Spelling.nearest(to: name, among: known).map { "; did you mean `\($0)`?" } ?? ""
    return JSONDecodingError(
      .unknown,
      path: JSONPath.text(JSONPath(.member(name), in: path)),
      problem: "unknown field" + hint
    )
  }
}
