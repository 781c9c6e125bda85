/// The name a misspelt one was probably meant to be, or nil when none is near.
///
/// Near is at most a third of its bytes edited (Levenshtein distance, ASCII case ignored).
func closestName(to name: String, among candidates: some Sequence<String>) -> String? {
  // No method name comes near this length, and the work grows with its square.
  guard name.utf8.count <= 64 else { return nil }
  let wanted = Array(name.lowercased().utf8)
  let near = candidates.map { (name: $0, distance: editDistance(wanted, Array($0.lowercased().utf8))) }
    .filter { $0.distance <= max($0.name.utf8.count, wanted.count) / 3 }
  return near.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
}

private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var row = Array(0...right.count)
  for (index, byte) in left.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in right.indices {
      let substitution = diagonal + (byte == right[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(substitution, row[column] + 1, diagonal + 1)
    }
  }
  return row[right.count]
}
